/* far_end.h — for tests of TLS at a node: the other end of a connection of side.h. */
#ifndef TESTS_UNIT_NODE_FAR_END_H
#define TESTS_UNIT_NODE_FAR_END_H

#include "core/tls/tls.h"
#include "unit/node/side.h"

/* It takes in what it was sent, up to where it has to answer; its plaintext goes to `words`. */
static inline void far_end_hears(struct tls *tls, uint32_t conn, struct buf *words)
{
    struct span in = {heard[conn], heard_len[conn]};
    while (in.len && tls_state(tls) != TLS_ENDED) {
        tls_feed(tls, &in);
        struct span plain;
        while ((plain = tls_read(tls)).len) {
            buf_span_put(words, plain);
            tls_read_ack(tls, plain.len);
        }
        if (tls_output(tls).len)
            break;
    }
    memmove(heard[conn], in.at, in.len);
    heard_len[conn] = in.len;
}

#endif
