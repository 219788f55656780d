/* test_pool.c — blocks are reused, up to the number that is kept. */
#include "core/base/pool.h"
#include <criterion/criterion.h>
#include <signal.h>

Test(pool, hands_out_first_what_came_back_last)
{
    struct pool p;
    pool_init(&p, 64, 2);
    void *a = pool_get(&p), *b = pool_get(&p), *c = pool_get(&p);
    cr_assert_eq(p.lent, 3);
    pool_put(&p, a);
    pool_put(&p, b);
    pool_put(&p, c); /* one more than it keeps */
    cr_assert_eq(p.spare_count, 2);
    cr_assert_eq(pool_get(&p), b);
    cr_assert_eq(pool_get(&p), a);
    cr_assert_eq(p.spare_count, 0);
    pool_put(&p, a);
    pool_put(&p, b);
    pool_deinit(&p);
}

Test(pool, ends_only_when_all_blocks_are_back, .signal = SIGABRT)
{
    struct pool p;
    pool_init(&p, 64, 2);
    cr_assert_not_null(pool_get(&p));
    pool_deinit(&p);
}
