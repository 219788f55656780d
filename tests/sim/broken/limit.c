/* limit.c — a core that holds one stamp more than limits.stamps. */
#include "core/store/store.h"

struct store *__real_store_create(const struct store_config *config);
struct store *__wrap_store_create(const struct store_config *config);

struct store *__wrap_store_create(const struct store_config *config)
{
    struct store_config larger = *config;
    larger.stamps_max++;
    return __real_store_create(&larger);
}
