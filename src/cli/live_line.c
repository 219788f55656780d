/* live_line.c — see live_line.h. The parser of the node decides what is a command. */
#include "cli/live_line.h"
#include "cli/options.h"
#include "core/base/ascii.h"
#include "core/base/invariant.h"
#include "core/protocol/command.h"
#include "core/protocol/explain.h"

const char *live_line_take_south(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++)
        if (argv[i][0] == '-' && ascii_is_digit(argv[i][1])) {
            const char *word = argv[i];
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
            (*argc)--;
            return word;
        }
    return NULL;
}

static bool is_field(const char *word)
{
    struct span field;
    return command_split(span_of(word), &field, 1) == 1 && field.len == strlen(word);
}

bool live_line_put(
    struct buf *out, const char *who, const char *head, const char *const *words, unsigned count)
{
    size_t start = out->len;
    struct command command;
    buf_text(out, head);
    for (unsigned i = 0; i < count; i++) {
        if (!is_field(words[i])) {
            complain("%s: \"%s\" is not one word without control bytes; see `stampede %s --help`",
                who, words[i], who);
            return false;
        }
        buf_byte(out, ' ');
        buf_text(out, words[i]);
    }
    ASSERT(!out->overflow);
    struct span line = span_from(buf_span(out), start);
    command_parse(line, &command);
    if (command.kind != COMMAND_LIVE) {
        struct span why = command_fault_text(command_explain(line));
        complain("%s: %.*s; see `stampede %s --help`", who, (int)why.len, why.at, who);
        return false;
    }
    buf_byte(out, '\n');
    return !out->overflow;
}
