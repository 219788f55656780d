/* test_pages.c — memory is there before it is needed, and holds what it held. */
#include "core/base/pages.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 16, PAGE_BYTES = 4096 };

static char *fresh_pages(void)
{
    if (sysconf(_SC_PAGESIZE) != PAGE_BYTES)
        cr_skip_test("pages are larger here");
    char *at = mmap(NULL, (size_t)PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(at, MAP_FAILED);
    return at;
}

static void are_there(char *at, int first, int last)
{
    unsigned char there[PAGES];
    cr_assert_eq(mincore(at, (size_t)PAGES * PAGE_BYTES, there), 0);
    for (int i = 0; i < PAGES; i++)
        cr_expect_eq(there[i] & 1, i >= first && i <= last, "page %d", i);
}

Test(pages, are_there_from_the_first_byte_to_the_last)
{
    static const struct {
        size_t from, bytes;
        int first, last;
    } rows[] = {
        {0, 1, 0, 0},
        {PAGE_BYTES, PAGE_BYTES, 1, 1},
        {3 * PAGE_BYTES + 1, 1, 3, 3},
        {3 * PAGE_BYTES - 1, 2, 2, 3},
        {5 * PAGE_BYTES + 100, 3 * PAGE_BYTES, 5, 8},
        {0, (size_t)PAGES *PAGE_BYTES, 0, PAGES - 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *at = fresh_pages();
        are_there(at, PAGES, PAGES);
        pages_have(at + rows[i].from, rows[i].bytes);
        are_there(at, rows[i].first, rows[i].last);
        munmap(at, (size_t)PAGES * PAGE_BYTES);
    }
}

Test(pages, keep_what_they_held)
{
    char *at = fresh_pages();
    memset(at, 'x', PAGE_BYTES + 10);
    pages_have(at + 5, 2 * PAGE_BYTES);
    for (size_t i = 0; i < 3 * (size_t)PAGE_BYTES; i++)
        cr_assert_eq(at[i], i < PAGE_BYTES + 10 ? 'x' : '\0');
    munmap(at, (size_t)PAGES * PAGE_BYTES);
}
