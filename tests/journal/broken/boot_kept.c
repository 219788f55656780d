/* boot_kept.c — a core whose next process says in its files to be the one before. */
#include "core/journal/heads.h"

void __real_heads_init(struct heads *h, struct span herd, struct span node, uint64_t boot,
    uint64_t random, const struct found *found);
void __wrap_heads_init(struct heads *h, struct span herd, struct span node, uint64_t boot,
    uint64_t random, const struct found *found);

void __wrap_heads_init(struct heads *h, struct span herd, struct span node, uint64_t boot,
    uint64_t random, const struct found *found)
{
    __real_heads_init(
        h, herd, node, found->formers ? found->former[0].boot : boot, random, found);
}
