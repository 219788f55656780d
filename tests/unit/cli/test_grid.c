/* test_grid.c — a table fits its width. */
#include "cli/grid.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static const struct grid_column columns[] = {
    {"NAME", true, 0}, {"N", false, 1}, {"TEXT", true, 3}, {"LAST", false, 2}};

static const char *shown(const struct grid *g, unsigned first, unsigned count, unsigned width)
{
    static char text[2048];
    FILE *out = fmemopen(text, sizeof text, "w");
    grid_print(g, out, first, count, width, "\n");
    fputc('\0', out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static struct grid filled(void)
{
    struct grid g;
    cr_assert(grid_begin(&g, columns, 4, 2));
    grid_put(&g, 0, 0, "a");
    grid_put(&g, 0, 1, "%d", 12345);
    grid_put(&g, 0, 2, "some text");
    grid_put(&g, 0, 3, "9");
    grid_put(&g, 1, 0, "bee");
    grid_put(&g, 1, 1, "down");
    return g;
}

Test(grid, columns_are_as_wide_as_their_cells)
{
    struct grid g = filled();
    cr_expect_str_eq(shown(&g, 0, 2, 80),
        "NAME      N  TEXT       LAST\na     12345  some text     9\nbee    down\n");
    strcpy(g.rows[1].note, "it is said why");
    cr_expect_str_eq(shown(&g, 1, 9, 80),
        "NAME      N  TEXT       LAST\nbee    down  it is said why\n");
    grid_end(&g);
}

Test(grid, columns_are_left_out_where_there_is_no_room)
{
    static const struct {
        unsigned width;
        const char *text;
    } rows[] = {
        {28, "NAME      N  TEXT       LAST\na     12345  some text     9\n"},
        {27, "NAME      N  LAST\na     12345     9\n"},
        {16, "NAME      N\na     12345\n"},
        {10, "NAME\na\n"},
        {2, "NA\na\n"},
        {0, "\n\n"},
    };
    struct grid g = filled();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_str_eq(shown(&g, 0, 1, rows[i].width), rows[i].text, "width %u: %s",
            rows[i].width, shown(&g, 0, 1, rows[i].width));
    grid_end(&g);
}

Test(grid, a_cell_that_is_too_long_is_cut)
{
    struct grid g = filled();
    grid_put(&g, 0, 0, "%0100d", 7);
    cr_expect_eq(strlen(g.rows[0].cells[0]), GRID_CELL_BYTES - 1);
    grid_end(&g);
}
