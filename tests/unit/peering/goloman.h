/* goloman.h — Goloman with its neighbours Hands and Wilkes: the end of links that the tests of
 * one end script. Link number `peer` leads to that neighbour. */
#ifndef TESTS_UNIT_PEERING_GOLOMAN_H
#define TESTS_UNIT_PEERING_GOLOMAN_H

#include "unit/peering/side.h"

enum { HANDS, WILKES };

#define ONES "11111111111111111111111111111111"
#define HELLO_OF(from, boot, have)                                                                \
    "HELLO stampede/1 herd=demo from=" from " to=Goloman boot=" boot " nonce=" ONES " have=" have \
    "\n"
#define NONE "0000000000000000:0"
#define BOOT_A "00000000000000aa"
#define BOOT_B "00000000000000bb"
#define HELLO_HANDS HELLO_OF("Hands", BOOT_A, NONE)
#define HELLO_WILKES HELLO_OF("Wilkes", BOOT_B, NONE)

/* An AT with a stamp of Goloman's own. */
#define OWN(id, time, list) "AT Goloman +0.500000000 " id " +34.0-118.0 " time " " list "\n"

static struct side g;

static inline void create(void)
{
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, 1000);
}

static inline void destroy(void)
{
    side_close(&g);
}

static inline void says(int link, const char *text)
{
    const char *said = side_says(&g, link);
    cr_expect_str_eq(said, text, "said: %s", said);
}

static inline void hears(int link, const char *text)
{
    cr_expect_eq(side_hears(&g, link, text), PEERING_NOTHING, "%s", g.links[link].reason);
}

/* A link to Hands or Wilkes that has just become LINKED, its own HELLO said. */
static inline void link_with(int link, const char *hello)
{
    side_begin(&g, link, ACCEPTED);
    cr_assert_eq(side_hears(&g, link, hello), PEERING_UP, "%s", g.links[link].reason);
    char window[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(window, sizeof window);
    (void)peering_pull(&g.links[link], &out, 0, now);
    cr_assert(out.len > 6 && memcmp(window, "HELLO ", 6) == 0);
    cr_assert_eq(memchr(window, '\n', out.len), window + out.len - 1, "nothing but HELLO");
}

/* The same to a peer that has booted as `boot` and has `have` of Goloman's feed. */
static inline void link_peer(int peer, int boot, const char *have)
{
    char hello[400];
    sprintf(hello,
        "HELLO stampede/1 herd=demo from=%s to=Goloman boot=%016x "
        "nonce=99999999999999999999999999999999 have=%s\n",
        peer == HANDS ? "Hands" : "Wilkes", (unsigned)boot, have);
    link_with(peer, hello);
}

static inline void link_hands(void)
{
    link_with(HANDS, HELLO_HANDS);
    pass_ms(PEERING_LISTS_MS);
    (void)side_hears(&g, HANDS, "PONG 1\n");
}

/* Both linked for so long that received lists count. */
static inline void link_both(void)
{
    link_peer(HANDS, 0xaa, NONE);
    link_peer(WILKES, 0xbb, NONE);
    pass_ms(PEERING_LISTS_MS);
}

#endif
