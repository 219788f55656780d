/* show.c — see show.h. Text is escaped piece by piece; no character is cut. */
#include "cli/show.h"
#include "core/base/invariant.h"

enum { PIECE_BYTES = 1024 };

static void show(FILE *out, enum escape kind, struct span text)
{
    char memory[ESCAPE_GROWTH * PIECE_BYTES];
    while (text.len) {
        struct span piece = {text.at, text.len < PIECE_BYTES ? text.len : PIECE_BYTES};
        if (piece.len < text.len)
            piece.len = escape_whole(piece);
        struct buf escaped = buf_over(memory, sizeof memory);
        escape_put(&escaped, kind, piece);
        ASSERT(!escaped.overflow && piece.len > 0);
        fwrite(escaped.at, 1, escaped.len, out);
        text = span_from(text, piece.len);
    }
}

void show_text(FILE *out, struct span text)
{
    show(out, ESCAPE_TERMINAL, text);
}

void show_json(FILE *out, const char *json)
{
    show(out, ESCAPE_JSON_TEXT, span_of(json));
}
