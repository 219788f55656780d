/* side.h — a node's end of its links, for the tests of peering: a store, neighbours, one link to
 * each, and a clock that stands still until a test moves it. Bytes are handed over in blocks of
 * exactly their size, so that AddressSanitizer sees a read past an end. */
#ifndef TESTS_UNIT_PEERING_SIDE_H
#define TESTS_UNIT_PEERING_SIDE_H

#include "core/peering/peering.h"
#include "unit/secrets.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE_PEERS = 2, ACCEPTED = -1 };

struct side {
    struct peering_node node;
    struct peer peers[SIDE_PEERS];
    struct peering links[SIDE_PEERS];
    char rooms[SIDE_PEERS][PEERING_LINE_BYTES_MAX + 1];
};

static struct instant now = {.mono_ns = 1000 * SECOND_NS, .real_ns = 1700000000 * SECOND_NS};

static inline void pass_ns(int64_t ns)
{
    now.mono_ns += ns;
    now.real_ns += ns;
}

static inline void pass_ms(int64_t ms)
{
    pass_ns(ms * MS_NS);
}

/* A node that has just started, with neighbours 0 and 1. */
static inline void side_open(struct side *s, const char *name, const char *peer_0,
    const char *peer_1, uint64_t boot, uint64_t stamps_max)
{
    struct store_config config = {.stamps_max = stamps_max, .seed = {boot, 2}};
    struct span names[SIDE_PEERS] = {span_of(peer_0), span_of(peer_1)};
    *s = (struct side){
        .node =
            {
                .herd = SPAN("demo"),
                .name = span_of(name),
                .boot = boot,
                .future_ns = 86400 * (uint64_t)SECOND_NS,
                .peers = s->peers,
                .peers_count = SIDE_PEERS,
                .store = store_create(&config),
                .routes = route_table_create(names, SIDE_PEERS),
            },
    };
    cr_assert(s->node.store && s->node.routes);
    for (unsigned i = 0; i < SIDE_PEERS; i++) {
        s->peers[i].name = names[i];
        s->peers[i].number = i;
        s->peers[i].cursor = store_cursor_open(s->node.store);
    }
}

static inline void side_close(struct side *s)
{
    store_destroy(s->node.store);
    route_table_destroy(s->node.routes);
}

/* Link number `link`, dialled to neighbour `peer` or ACCEPTED. */
static inline void side_begin(struct side *s, int link, int peer)
{
    static unsigned char counter;
    unsigned char nonce[NONCE_BYTES] = {++counter, 0x5a};
    peering_begin(&s->links[link], &s->node, peer == ACCEPTED ? NULL : &s->peers[peer], nonce,
        s->rooms[link], now);
}

/* Feeds the link in pieces. Returns the last event that was not PEERING_NOTHING. */
static inline enum peering_event side_hear(
    struct side *s, int link, struct span bytes, size_t piece)
{
    enum peering_event last = PEERING_NOTHING;
    while (bytes.len) {
        size_t len = bytes.len < piece ? bytes.len : piece;
        char *block = malloc(len);
        memcpy(block, bytes.at, len);
        struct span in = {block, len};
        for (enum peering_event event; (event = peering_take(&s->links[link], &in, now));)
            last = event;
        cr_assert_eq(in.len, 0);
        free(block);
        bytes = span_from(bytes, len);
    }
    return last;
}

static inline enum peering_event side_hears(struct side *s, int link, const char *text)
{
    return side_hear(s, link, span_of(text), SIZE_MAX);
}

/* Appends to `text`, of which `len` bytes are written, all that the link has to say at `at`, in
 * windows of `window` bytes. Returns the new length. */
static inline size_t side_pulls(
    struct side *s, int link, size_t window, struct instant at, char *text, size_t len)
{
    enum { TEXT_MAX = 1 << 20 };
    for (bool more = true; more;) {
        cr_assert_lt(len + window + 1, (size_t)TEXT_MAX);
        char *block = malloc(window);
        struct buf out = buf_over(block, window);
        more = peering_pull(&s->links[link], &out, UINT32_MAX, at);
        cr_assert(!out.overflow && out.cap == window);
        cr_assert(!more || out.len, "more to say, but nothing fits %zu bytes", window);
        cr_assert(!out.len || block[out.len - 1] == '\n');
        memcpy(text + len, block, out.len);
        len += out.len;
        free(block);
    }
    text[len] = '\0';
    return len;
}

static char side_text[1 << 20];

/* What the link has to say at once; valid until the next call of this or those below. */
static inline const char *side_says_at_once(struct side *s, int link)
{
    side_pulls(s, link, 65536, now, side_text, 0);
    return side_text;
}

/* All that the link has to say, including a delayed ACK or MARK that no other line took along. */
static inline const char *side_says_by(struct side *s, int link, size_t window)
{
    struct peering *p = &s->links[link];
    struct instant later = {
        now.mono_ns + PEERING_ACK_DELAY_MS * MS_NS, now.real_ns + PEERING_ACK_DELAY_MS * MS_NS};
    size_t len = side_pulls(s, link, window, now, side_text, 0);
    if (p->link.ack_due || p->link.mark_at_ns != NEVER_NS)
        side_pulls(s, link, window, later, side_text, len);
    return side_text;
}

static inline const char *side_says(struct side *s, int link)
{
    return side_says_by(s, link, 65536);
}

/* Stores what an origin stores: client time in whole seconds, a skew of half a second. */
static inline void side_put_by(struct side *s, const char *id, int seconds, uint16_t route)
{
    char time[16];
    sprintf(time, "%d", seconds);
    struct stamp in = {
        .id = span_of(id),
        .position = SPAN("+34.0-118.0"),
        .time = span_of(time),
        .origin = s->node.name,
        .time_ns = seconds * SECOND_NS,
        .skew_ns = SECOND_NS / 2,
    };
    uint64_t hash = store_hash(s->node.store, in.id);
    cr_assert_neq(store_put(s->node.store, &in, hash, route), STORE_STARVED);
}

static inline void side_put(struct side *s, const char *id, int seconds)
{
    side_put_by(s, id, seconds, ROUTE_LOCAL);
}

/* Own changes that the link's peer has not confirmed; 0: there is no peer. */
static inline uint64_t side_lag(const struct side *s, int link)
{
    const struct peer *peer = s->links[link].peer;
    return peer ? store_change(s->node.store) - peer->acked : 0;
}

/* The client time that the node holds, in seconds; 0: no such id. */
static inline int side_time(const struct side *s, const char *id)
{
    struct feed_item item;
    struct stamp_text text;
    struct span key = span_of(id);
    if (!store_get(s->node.store, key, store_hash(s->node.store, key), &item, &text))
        return 0;
    return (int)(item.stamp.time_ns / SECOND_NS);
}

#endif
