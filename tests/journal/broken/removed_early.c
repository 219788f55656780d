/* removed_early.c — a core that removes older files before the base's name is durable. */
#include "core/journal/output.h"

void __real_output_ask(struct output *o, enum journal_act act, const char *name, const char *to);
void __wrap_output_ask(struct output *o, enum journal_act act, const char *name, const char *to);

void __wrap_output_ask(struct output *o, enum journal_act act, const char *name, const char *to)
{
    if (o->file == JOURNAL_BASE && act == JOURNAL_SYNC_FOLDER)
        o->ask = act;
    else
        __real_output_ask(o, act, name, to);
}
