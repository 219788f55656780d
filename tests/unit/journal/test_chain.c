/* test_chain.c — which files of a folder belong together, told as short rows of files. */
#include "core/journal/chain.h"
#include <criterion/criterion.h>

/* A file as "kind seq state predecessor": `l` a log, `b` a base; `-`: its header is not well. */
struct row {
    char kind;
    uint64_t seq;
    char state;
    uint64_t predecessor;
};

enum { ROWS = 8 };

static struct chain_file files[ROWS];
static unsigned logs[ROWS], count;
static struct chain chain;

static void folder(const struct row *rows, unsigned n)
{
    count = n;
    for (unsigned i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        enum file_kind kind = r->kind == 'l' ? FILE_LOG : FILE_BASE;
        files[i] = (struct chain_file){.file = {kind, r->seq, 4096},
            .verdict = r->state == '+' ? FILE_FINE : FILE_DAMAGED};
        if (r->state == '+')
            files[i].header = (struct file_header){
                .kind = kind, .seq = r->seq, .predecessor = {.seq = r->predecessor}};
    }
    chain = (struct chain){.logs = logs};
    chain_find(&chain, files, count, chain_base(files, count, UINT64_MAX));
}

#define FOLDER(...)                                                                                \
    do {                                                                                           \
        const struct row rows[] = {__VA_ARGS__};                                                   \
        folder(rows, sizeof rows / sizeof *rows);                                                  \
    } while (0)

/* The base's number, the logs' numbers, and whether something is missing. */
static void is(uint64_t base, bool broken, unsigned n, const uint64_t *seqs)
{
    cr_expect_eq(chain.base >= 0 ? files[chain.base].file.seq : 0, base);
    cr_expect_eq(chain.broken, broken);
    cr_assert_eq(chain.logs_count, n, "%u logs", chain.logs_count);
    for (unsigned i = 0; i < n; i++)
        cr_expect_eq(files[chain.logs[i]].file.seq, seqs[i]);
}

#define IS(base, broken, ...)                                                                      \
    do {                                                                                           \
        const uint64_t seqs[] = {__VA_ARGS__};                                                     \
        is(base, broken, sizeof seqs / sizeof *seqs, seqs);                                        \
    } while (0)

Test(chain, an_empty_folder)
{
    folder(NULL, 0);
    is(0, false, 0, NULL);
}

Test(chain, logs_are_read_from_the_first_on)
{
    FOLDER({'l', 3, '+', 2}, {'l', 1, '+', 0}, {'l', 2, '+', 1});
    IS(0, false, 1, 2, 3);
}

Test(chain, a_base_stands_for_all_before_its_log)
{
    FOLDER({'l', 2, '+', 1}, {'b', 3, '+', 0}, {'l', 4, '+', 3}, {'l', 3, '+', 2},
        {'b', 1, '+', 0});
    IS(3, false, 3, 4);
}

Test(chain, what_no_log_names_is_left_out)
{
    FOLDER({'l', 1, '+', 0}, {'l', 2, '+', 1}, {'l', 3, '-', 0}, {'l', 4, '+', 1});
    IS(0, false, 1, 4);
    cr_expect_eq(chain.unsure, 0);
}

Test(chain, last_logs_may_be_unfinished)
{
    FOLDER({'l', 1, '+', 0}, {'l', 2, '-', 0});
    IS(0, false, 1, 2);
    cr_expect_eq(chain.unsure, 1);
    FOLDER({'b', 1, '+', 0}, {'l', 1, '+', 0}, {'l', 2, '-', 0}, {'l', 3, '-', 0});
    IS(1, false, 1, 2, 3);
    cr_expect_eq(chain.unsure, 2);
}

Test(chain, nothing_but_unfinished_logs_is_a_beginning)
{
    FOLDER({'l', 1, '-', 0}, {'l', 2, '-', 0});
    IS(0, false, 1, 2);
    cr_expect_eq(chain.unsure, 2);
}

Test(chain, a_log_that_is_missing_is_noticed)
{
    FOLDER({'l', 1, '+', 0}, {'l', 3, '+', 2});
    IS(0, true, 1, 3);
    FOLDER({'b', 2, '+', 0}, {'l', 4, '+', 3}, {'l', 2, '+', 1});
    IS(2, true, 2, 4);
    FOLDER({'b', 2, '+', 0}, {'l', 1, '+', 0});
    is(2, true, 0, NULL);
}

Test(chain, a_damaged_header_within_is_noticed)
{
    FOLDER({'l', 1, '+', 0}, {'l', 2, '-', 0}, {'l', 3, '+', 2});
    IS(0, true, 1, 2, 3);
}

Test(chain, a_base_without_its_log_is_noticed)
{
    FOLDER({'b', 2, '+', 0});
    is(2, true, 0, NULL);
    FOLDER({'b', 2, '+', 0}, {'l', 2, '-', 0});
    IS(2, true, 2);
}

Test(chain, a_log_that_names_itself_or_a_later_one_ends_the_search)
{
    FOLDER({'l', 2, '+', 2}, {'l', 1, '+', 0});
    IS(0, true, 1, 2);
    FOLDER({'l', 2, '+', 3}, {'l', 1, '+', 0});
    IS(0, true, 1, 2);
}

Test(chain, an_older_base_is_found)
{
    FOLDER({'b', 5, '+', 0}, {'b', 2, '+', 0}, {'b', 9, '-', 0}, {'l', 9, '+', 8});
    cr_expect_eq(files[chain.base].file.seq, 9);
    cr_expect_eq(files[chain_base(files, count, 9)].file.seq, 5);
    cr_expect_eq(files[chain_base(files, count, 5)].file.seq, 2);
    cr_expect_eq(chain_base(files, count, 2), CHAIN_NONE);
}
