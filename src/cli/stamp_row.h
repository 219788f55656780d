/* stamp_row.h — a stamp as a row of a terminal, for `near` and `watch`: when its node received it,
 * in local time, how old it is, where it is, and its id, which is cut to fit. Whatever came from
 * outside is escaped (core/base/escape.h). */
#ifndef CLI_STAMP_ROW_H
#define CLI_STAMP_ROW_H

#include "cli/printer.h"
#include "core/protocol/stamp.h"

/* Print the heads of the columns. first: that of the first one, `first_columns` wide, as in all
 * rows below. */
void stamp_row_heads(struct printer *out, const char *first, unsigned first_columns);

/* Print a row. stamp: NULL: there is none, and only the id is shown. */
void stamp_row(struct printer *out, struct span first, unsigned first_columns, struct span id,
    const struct stamp *stamp);

/* Print any text as one line of the terminal. */
void stamp_row_text(struct printer *out, struct span text);

#endif
