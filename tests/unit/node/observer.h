/* observer.h — for tests of what observers may do at a node: one with the secret. */
#ifndef TESTS_UNIT_NODE_OBSERVER_H
#define TESTS_UNIT_NODE_OBSERVER_H

#include "unit/node/side.h"

#define OBSERVER                                                                 \
    "HELLO stampede/1 herd=test from=- to=Goloman boot=00000000000000bb "        \
    "nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0"

static const char secret[] = "0123456789abcdef";

/* What the node has to hear: the observer's proof, which needs the node's HELLO. */
static inline void proves(uint32_t conn)
{
    struct hello mine, theirs;
    struct secrets secrets = secrets_of(secret);
    char line[512], text[1024];
    const char *end = strchr(heard[conn], '\n');
    cr_assert_not_null(end);
    size_t len = (size_t)(end - heard[conn]);
    memcpy(text, heard[conn], len);
    cr_assert_null(hello_parse((struct span){text, len}, &theirs));
    cr_assert_null(hello_parse(SPAN(OBSERVER " auth=hmac-sha256 secrets=1"), &mine));
    struct auth_exchange x = {.role = HELLO_DIALLED, .speaker = &mine, .other = &theirs};
    struct buf out = buf_over(line, sizeof line - 1);
    auth_put(&out, &secrets, 1, &x);
    line[out.len] = '\0';
    sends(conn, line);
}

/* It comes, is proved, and has heard all of that. */
static inline void observer_comes(uint32_t conn)
{
    joins_by(conn, NODE_PEER_PORT);
    sends(conn, OBSERVER " auth=hmac-sha256 secrets=1\n");
    proves(conn);
    forgets(conn);
}

#endif
