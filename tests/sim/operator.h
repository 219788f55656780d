/* operator.h — who keeps a herd's backups: dumps nodes and loads what he has kept, over the
 * network (PROTOCOL.md, "Dumps and loads").
 *
 * He reads as slowly as he is told, and believes nothing: that a dump which ends with DUMPED has as
 * many lines as that says; that the last lines of all ids together have its digest, so that none is
 * missing; and that a node which said that it has taken a stamp holds it, or a newer one. A dump
 * that is cut he throws away. He has the herd's secret, if it has one; not for herds with TLS. */
#ifndef TESTS_SIM_OPERATOR_H
#define TESTS_SIM_OPERATOR_H

#include "sim/host.h"

enum { OPERATOR_WINDOW = 1024, OPERATOR_LINE_BYTES_MAX = 16384 };

struct operator {
    struct network *network;
    struct judge *judge;
    unsigned party;
    struct host *host; /* whom he talks to */
    unsigned life; /* of its node */
    uint32_t wire; /* WIRE_NONE: he is at rest */
    bool loads, met;
    struct hello mine;
    struct secrets secrets;
    size_t reads_at_most; /* bytes, every 5 ms; 0: all that is there */
    int64_t reads_ns; /* then he may read again */
    bool stands_still; /* he reads nothing */
    char out[OPERATOR_LINE_BYTES_MAX * 2];
    size_t out_len;
    char line[OPERATOR_LINE_BYTES_MAX];
    size_t line_len;
    struct buf coming, kept; /* AT lines of the dump under way, and of the last whole one */
    uint64_t lines, sum; /* of the one under way */
    size_t said_to, counted_to; /* of a load: up to where in `kept` */
    uint64_t said, counted, fresh;
    unsigned dumps, loaded; /* so far, to their ends */
    char bye[HOST_BYE_BYTES_MAX]; /* what he was told last */
};

void operator_init(
    struct operator *o, struct network *network, struct judge *judge, unsigned party);
void operator_deinit(struct operator *o);

/* Begin a dump of the host's node, or a load of what was kept last. What he does already he breaks
 * off. */
void operator_dumps(struct operator *o, struct host *host);
void operator_loads(struct operator *o, struct host *host);

/* Break off what he does. */
void operator_leaves(struct operator *o);

void operator_act(struct operator *o);

#endif
