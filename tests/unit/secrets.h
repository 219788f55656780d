/* secrets.h — secrets for tests: "one", or "one|the other". */
#ifndef TESTS_UNIT_SECRETS_H
#define TESTS_UNIT_SECRETS_H

#include "core/base/invariant.h"
#include "core/protocol/auth.h"

/* "": none. Each must have SECRET_BYTES_MIN bytes. */
static inline struct secrets secrets_of(const char *list)
{
    struct secrets s = {0};
    while (*list) {
        size_t len = strcspn(list, "|");
        bool added = secrets_add(&s, (struct span){list, len});
        ASSERT(added);
        list += len + (list[len] == '|');
    }
    return s;
}

#endif
