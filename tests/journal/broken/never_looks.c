/* never_looks.c — a core that does not look whether its file is still there. */
#include "core/journal/output.h"

void __real_output_ask(struct output *o, enum journal_act act, const char *name, const char *to);
void __wrap_output_ask(struct output *o, enum journal_act act, const char *name, const char *to);

void __wrap_output_ask(struct output *o, enum journal_act act, const char *name, const char *to)
{
    if (act != JOURNAL_LOOK)
        __real_output_ask(o, act, name, to);
}
