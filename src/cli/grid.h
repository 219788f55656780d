/* grid.h — a table of text that fits a width.
 *
 * A column is as wide as its widest cell. Where all are wider than the terminal, columns are left
 * out, those with the highest `drop` and of these the last first, and at last lines are cut. Called
 * by report_table and top. */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stdbool.h>
#include <stdio.h>

enum { GRID_COLUMNS_MAX = 16, GRID_CELL_BYTES = 40, GRID_NOTE_BYTES = 160, GRID_WIDTH = 80 };

struct grid_column {
    const char *head;
    bool left; /* its cells begin at its left edge */
    unsigned drop; /* 0: never left out */
};

struct grid_row {
    char cells[GRID_COLUMNS_MAX][GRID_CELL_BYTES];
    char note[GRID_NOTE_BYTES]; /* not "": stands in place of all cells but the first two */
};

struct grid {
    const struct grid_column *columns;
    unsigned columns_count;
    struct grid_row *rows;
    unsigned rows_count;
};

/* Room for `rows`, all zero. false: no memory. Undone by grid_end either way. */
bool grid_begin(struct grid *g, const struct grid_column *columns, unsigned count, unsigned rows);
void grid_end(struct grid *g);

/* Write a cell; what is too long for it is cut. */
void grid_put(struct grid *g, unsigned row, unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Print the heads and the rows `first` to `first + count - 1`, as far as there are, in lines of at
 * most `width` bytes, without blanks at their ends.
 * ends  what follows each line, such as "\n" */
void grid_print(const struct grid *g, FILE *out, unsigned first, unsigned count, unsigned width,
    const char *ends);

#endif
