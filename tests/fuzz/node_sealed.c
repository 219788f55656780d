/* node_sealed.c — see node_sealed.h. */
#include "fuzz/node_sealed.h"
#include "core/base/invariant.h"
#include "fuzz/node_judge.h"
#include "sim/tls_fixture.h"

enum { OUTPUT_BYTES = 1 << 17 };

/* Of each slot: its engine, and what that has to send. */
static struct tls *engines[SLOTS];
static char output[OUTPUT_BYTES];

void sealed_begin(unsigned slot)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1, 2, 3};
    ASSERT(!engines[slot] && slot_is_link(slot));
    bool accepted = slot <= OTHER_IN;
    engines[slot] = accepted ? tls_client(tls_fixture(), entropy, driver.now)
                             : tls_server(tls_fixture(), entropy, driver.now);
    ASSERT(engines[slot]);
}

void sealed_end(unsigned slot)
{
    if (engines[slot])
        tls_destroy(engines[slot]);
    engines[slot] = NULL;
}

bool sealed_is(unsigned slot)
{
    return engines[slot];
}

void sealed_says(unsigned slot, struct span plain)
{
    size_t room_bytes;
    char *room = tls_room(engines[slot], &room_bytes);
    if (!room || plain.len > room_bytes || !plain.len)
        return;
    memcpy(room, plain.at, plain.len);
    tls_wrote(engines[slot], plain.len);
}

/* Append what it has to send to what is there. */
static void collect(struct tls *t, size_t *len)
{
    struct span sealed;
    while ((sealed = tls_output(t)).len) {
        ASSERT(*len + sealed.len <= sizeof output);
        memcpy(output + *len, sealed.at, sealed.len);
        *len += sealed.len;
        tls_sent(t, sealed.len);
    }
}

struct span sealed_output(unsigned slot)
{
    size_t len = 0;
    collect(engines[slot], &len);
    return (struct span){output, len};
}

void sealed_hears(unsigned slot, struct span bytes)
{
    struct tls *t = engines[slot];
    size_t before = 0;
    while (bytes.len != before && bytes.len) {
        before = bytes.len;
        tls_feed(t, &bytes);
        struct span plain;
        while ((plain = tls_read(t)).len) {
            judge_hears(slot, plain);
            tls_read_ack(t, plain.len);
        }
        if (bytes.len == before) { /* its own output is in the way */
            size_t len = 0;
            collect(t, &len);
            driver_receives_sealed(slot, (struct span){output, len});
            before = 0;
            if (!len)
                return;
        }
    }
}
