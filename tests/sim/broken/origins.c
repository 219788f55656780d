/* origins.c — a core that takes stamps of any origin. */
#include "core/store/store.h"

void __wrap_store_know_origin(struct store *s, struct span name);

void __wrap_store_know_origin(struct store *s, struct span name)
{
    (void)s;
    (void)name;
}
