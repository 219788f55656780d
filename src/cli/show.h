/* show.h — prints text that may hold bytes from outside: names, replies, reasons, the output of
 * nodes. core/base/escape.h says what is escaped. Called by all subcommands. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "core/base/escape.h"
#include <stdio.h>

/* Print lines for people. */
void show_text(FILE *out, struct span text);

/* Print a text of JSON that cJSON has made; bytes that are not UTF-8 become U+FFFD. It means the
 * same to a program as it did before, and does no harm to a terminal. */
void show_json(FILE *out, const char *json);

#endif
