/* test_names.c — what the files of a journal are called, and what else is none of them. */
#include "core/journal/names.h"
#include <criterion/criterion.h>

static void is_name(const char *text, enum file_kind kind, uint64_t seq, bool unfinished)
{
    enum file_kind k;
    uint64_t s;
    bool u;
    cr_expect_str_eq(journal_name_of(kind, seq, unfinished).text, text);
    cr_assert(journal_name_read(span_of(text), &k, &s, &u), "%s", text);
    cr_expect_eq(k, kind);
    cr_expect_eq(s, seq);
    cr_expect_eq(u, unfinished);
}

Test(names, are_written_and_read)
{
    is_name("log-0000000000000001", FILE_LOG, 1, false);
    is_name("base-00000000000000a1", FILE_BASE, 161, false);
    is_name("base-00000000000000a1.tmp", FILE_BASE, 161, true);
    is_name("log-ffffffffffffffff", FILE_LOG, UINT64_MAX, false);
    is_name("base-fedcba9876543210.tmp", FILE_BASE, UINT64_C(0xfedcba9876543210), true);
}

Test(names, of_other_files_are_left_alone)
{
    static const char *const others[] = {"", ".", "log", "log-", "base-", "log-000000000000001",
        "log-00000000000000001", "log-0000000000000000", "base-0000000000000000.tmp",
        "log-0000000000000001.tmp", "log-00000000000000A1", "log-000000000000000g",
        "base-00000000000000a1.tm", "base-00000000000000a1.tmp.tmp", "base-00000000000000a1~",
        "Log-0000000000000001", "log_0000000000000001", "base-000000000000000 ",
        "damaged-0000000000000001"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        enum file_kind kind;
        uint64_t seq;
        bool unfinished;
        cr_expect_not(
            journal_name_read(span_of(others[i]), &kind, &seq, &unfinished), "%s", others[i]);
    }
}

Test(names, a_name_is_read_to_its_end_and_no_further)
{
    enum file_kind kind;
    uint64_t seq;
    bool unfinished;
    char *exact = malloc(20);
    memcpy(exact, "log-0000000000000001", 20);
    cr_expect(journal_name_read((struct span){exact, 20}, &kind, &seq, &unfinished));
    cr_expect_not(journal_name_read((struct span){exact, 19}, &kind, &seq, &unfinished));
    free(exact);
}
