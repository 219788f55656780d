/* silent.c — a core that lets a command without LF wait for it for ever. */
#include "core/node/input.h"

struct connection *__real_inputs_silent(struct node *n, struct instant now);
struct connection *__wrap_inputs_silent(struct node *n, struct instant now);
int64_t __wrap_inputs_deadline(const struct node *n);

struct connection *__wrap_inputs_silent(struct node *n, struct instant now)
{
    (void)n, (void)now;
    return NULL;
}

int64_t __wrap_inputs_deadline(const struct node *n)
{
    (void)n;
    return NEVER_NS;
}
