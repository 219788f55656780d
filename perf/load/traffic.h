/* traffic.h — the contents of the next command: which client, where, when.
 *
 * Clients are numbered, and a number is written as an id of 20 bytes. Times start at the machine's
 * clock when the load starts and grow by a nanosecond with each command, so each is newer than all
 * before, in this run and in earlier ones. Digits are produced eight at a time: a server that
 * handles seven million commands a second leaves 140 ns for writing, sending, receiving and
 * checking each. */
#ifndef PERF_LOAD_TRAFFIC_H
#define PERF_LOAD_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    TRAFFIC_ID_BYTES = 20,
    TRAFFIC_POSITION_BYTES = 21,
    TRAFFIC_TIME_BYTES = 20,
    TRAFFIC_DRAWS = 1 << 20, /* of a Zipf distribution, drawn before the load starts */
    TRAFFIC_IDS_MAX = 100000000,
};

enum ids_order { IDS_UNIFORM, IDS_ZIPF, IDS_SEQUENCE };

struct traffic {
    uint64_t ids; /* 1 to TRAFFIC_IDS_MAX */
    uint64_t first; /* the lowest client number */
    enum ids_order order;
    uint64_t random, next, drawn;
    uint32_t *draws; /* IDS_ZIPF */
    char time_head[TRAFFIC_TIME_BYTES - 8]; /* all but the last eight digits */
    uint64_t time_tail; /* the last digits of the time, in memory order */
};

/* first  the clients are first to first + ids - 1
 * seed   decides everything except the times
 * false: no memory. */
__attribute__((warn_unused_result)) bool traffic_init(
    struct traffic *t, uint64_t ids, uint64_t first, enum ids_order order, uint64_t seed);
void traffic_release(struct traffic *t);

/* 64 pseudo-random bits (xorshift64*, Vigna 2016). */
static inline uint64_t traffic_random(struct traffic *t)
{
    t->random ^= t->random >> 12;
    t->random ^= t->random << 25;
    t->random ^= t->random >> 27;
    return t->random * UINT64_C(2685821657736338717);
}

/* The last eight decimal digits of a number as text, in memory order, in a little-endian word. The
 * number is split in two, each half in two, and again, all at once: for four digits x / 100 is x *
 * 5243 >> 19, for two x / 10 is x * 103 >> 10. */
static inline uint64_t traffic_digits(uint32_t number)
{
    uint64_t fours = number / 10000 % 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t hundreds = fours * 5243 >> 19 & 0x7f0000007f;
    uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = twos * 103 >> 10 & 0xf000f000f000f;
    return tens | (twos - tens * 10) << 8 | 0x3030303030303030;
}

/* Write the id of the next client, TRAFFIC_ID_BYTES. Returns its end. */
static inline char *traffic_put_id(struct traffic *t, char *out)
{
    uint64_t number;
    switch (t->order) {
    case IDS_UNIFORM:
        number = (traffic_random(t) >> 32) * t->ids >> 32;
        break;
    case IDS_ZIPF:
        number = t->draws[t->drawn++ % TRAFFIC_DRAWS];
        break;
    default:
        number = t->next;
        t->next = t->next + 1 < t->ids ? t->next + 1 : 0;
    }
    uint64_t digits = traffic_digits((uint32_t)(t->first + number));
    memcpy(out, "client-00000", 12);
    memcpy(out + 12, &digits, 8);
    return out + TRAFFIC_ID_BYTES;
}

/* Write another position, TRAFFIC_POSITION_BYTES, in the west of the United States, which has both
 * crowded and empty regions. */
static inline char *traffic_put_position(struct traffic *t, char *out)
{
    uint64_t digits = traffic_digits((uint32_t)(traffic_random(t) >> 32));
    const char *d = (const char *)&digits;
    memcpy(out, "+34.068930-118.445127", TRAFFIC_POSITION_BYTES);
    out[2] = d[0];
    memcpy(out + 4, d + 1, 3);
    out[13] = d[4];
    memcpy(out + 15, d + 5, 3);
    return out + TRAFFIC_POSITION_BYTES;
}

/* The last digit has passed '9': carry. */
void traffic_carry_time(struct traffic *t);

/* Write a time, TRAFFIC_TIME_BYTES, one nanosecond after the last one. */
static inline char *traffic_put_time(struct traffic *t, char *out)
{
    const unsigned last = 56; /* the highest byte is the last digit */
    t->time_tail += UINT64_C(1) << last;
    if (t->time_tail >> last > '9')
        traffic_carry_time(t);
    memcpy(out, t->time_head, sizeof t->time_head);
    memcpy(out + sizeof t->time_head, &t->time_tail, 8);
    return out + TRAFFIC_TIME_BYTES;
}

#endif
