/* grid.c — see grid.h. */
#include "cli/grid.h"
#include "core/base/invariant.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_GAP = 2, GRID_LINE_BYTES = 1024 };

bool grid_begin(struct grid *g, const struct grid_column *columns, unsigned count, unsigned rows)
{
    ASSERT(count >= 2 && count <= GRID_COLUMNS_MAX);
    *g = (struct grid){.columns = columns, .columns_count = count, .rows_count = rows};
    g->rows = calloc(rows + 1, sizeof *g->rows);
    return g->rows != NULL;
}

void grid_end(struct grid *g)
{
    free(g->rows);
}

void grid_put(struct grid *g, unsigned row, unsigned column, const char *format, ...)
{
    va_list values;
    ASSERT(row < g->rows_count && column < g->columns_count);
    va_start(values, format);
    vsnprintf(g->rows[row].cells[column], GRID_CELL_BYTES, format, values);
    va_end(values);
}

static unsigned wider(unsigned width, const char *text)
{
    unsigned len = (unsigned)strlen(text);
    return len > width ? len : width;
}

/* Of all rows, so that a table does not move while it is scrolled. 0: the column is left out. */
static void measure(const struct grid *g, unsigned width, unsigned widths[GRID_COLUMNS_MAX])
{
    unsigned total = 0;
    for (unsigned c = 0; c < g->columns_count; c++) {
        widths[c] = wider(0, g->columns[c].head);
        for (unsigned r = 0; r < g->rows_count; r++)
            widths[c] = wider(widths[c], g->rows[r].cells[c]);
        total += widths[c] + (c ? GRID_GAP : 0);
    }
    while (total > width) {
        unsigned worst = 0; /* the first column always stays */
        for (unsigned c = 1; c < g->columns_count; c++)
            if (widths[c] && g->columns[c].drop &&
                g->columns[c].drop >= g->columns[worst].drop)
                worst = c;
        if (!worst)
            return;
        total -= widths[worst] + GRID_GAP;
        widths[worst] = 0;
    }
}

static void put_cell(char line[GRID_LINE_BYTES], const struct grid_column *column, unsigned width,
    const char *text)
{
    size_t len = strlen(line);
    snprintf(line + len, GRID_LINE_BYTES - len, "%*s%*s", len ? GRID_GAP : 0, "",
        column->left ? -(int)width : (int)width, text);
}

static void print_line(
    char line[GRID_LINE_BYTES], FILE *out, unsigned width, const char *ends)
{
    size_t len = strnlen(line, width < GRID_LINE_BYTES ? width : GRID_LINE_BYTES);
    while (len && line[len - 1] == ' ')
        len--;
    fprintf(out, "%.*s%s", (int)len, line, ends);
}

void grid_print(const struct grid *g, FILE *out, unsigned first, unsigned count, unsigned width,
    const char *ends)
{
    unsigned widths[GRID_COLUMNS_MAX];
    char line[GRID_LINE_BYTES] = "";
    measure(g, width, widths);
    for (unsigned c = 0; c < g->columns_count; c++)
        if (widths[c])
            put_cell(line, &g->columns[c], widths[c], g->columns[c].head);
    print_line(line, out, width, ends);
    for (unsigned r = first; r < g->rows_count && r - first < count; r++) {
        const struct grid_row *row = &g->rows[r];
        line[0] = '\0';
        for (unsigned c = 0; c < (*row->note ? 2 : g->columns_count); c++)
            if (widths[c])
                put_cell(line, &g->columns[c], widths[c], row->cells[c]);
        if (*row->note)
            put_cell(line, &(struct grid_column){.left = true}, 0, row->note);
        print_line(line, out, width, ends);
    }
}
