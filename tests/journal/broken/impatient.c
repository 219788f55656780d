/* impatient.c — a reader for which a log that was never finished is damaged. */
#include "core/journal/chain.h"

void __real_chain_find(struct chain *c, const struct chain_file *files, unsigned count, int base);
void __wrap_chain_find(struct chain *c, const struct chain_file *files, unsigned count, int base);

void __wrap_chain_find(struct chain *c, const struct chain_file *files, unsigned count, int base)
{
    __real_chain_find(c, files, count, base);
    c->unsure = 0;
}
