/* network.h — a network that does not exist: streams of bytes between parties, in virtual time.
 *
 * Nothing happens at once and nothing without a reason: every byte has an arrival, drawn from one
 * seed, and all that happens stands in one queue in the order of its time. The same seed gives the
 * same run to the byte; `trace` is a hash of it that proves so.
 *
 * A party (a node, a client) is told nothing but that it is to act. It then looks at its wires,
 * does what it wants, and returns. A wire is one connection: end 0 dialled it, end 1 accepts it.
 * What a party writes is taken as far as the window has room; it arrives in order and in pieces. */
#ifndef TESTS_SIM_NETWORK_H
#define TESTS_SIM_NETWORK_H

#include "core/base/instant.h"
#include "core/node/node.h"
#include "unit/random.h"

#define WIRE_NONE UINT32_MAX

enum { NETWORK_DIAL_MS = 3000 }; /* then a dial that nobody answers is given up */

/* What a cut does. Between two parties, until they are healed. */
enum cut {
    CUT_RESET, /* both ends see an error; what is under way is lost; dials are refused */
    CUT_FIN, /* one end sees FIN, the other an error; the rest as above */
    CUT_STALL, /* nothing passes; what is under way arrives when it heals */
    CUT_SILENT, /* nothing passes and nobody is told; these connections never come back */
    CUT_KINDS,
};

/* Which directions of a cut are cut. With CUT_RESET and CUT_FIN it is always both. */
enum cut_side { CUT_BOTH, CUT_FROM_LOWER, CUT_FROM_HIGHER, CUT_SIDES };

enum path_state { PATH_OPEN, PATH_REFUSES, PATH_STALLS, PATH_SILENT };

/* The way between two nodes. Clients are near and reach all nodes alike. */
struct path {
    enum path_state state;
    bool passes[2]; /* whatever the state: what the lower number sends, and what the higher does */
    int64_t delay_ns, jitter_ns;
};

enum dial_state { DIAL_UNDER_WAY, DIAL_STANDS, DIAL_REFUSED, DIAL_TIMED_OUT };

struct network {
    struct random random;
    int64_t now_ns;
    uint64_t trace;
    uint64_t events; /* that happened */
    unsigned nodes; /* parties 0 to nodes - 1 have paths; all others are clients */
    unsigned parties_count;
    struct path *paths;
    struct party *parties;
    struct wire *wires;
    uint32_t wires_count, wires_room;
    struct event *heap;
    size_t heap_count, heap_room;
    uint64_t sequence; /* of events */
    /* How rough it is; free to be changed at any time. */
    size_t window_min, window_max; /* bytes that one direction of a new wire holds */
    unsigned split_in; /* one write in so many arrives in pieces; 0: none */
    int64_t lag_ns; /* how long a party may take to act */
};

void network_init(struct network *n, uint64_t seed, unsigned nodes, unsigned parties);
void network_deinit(struct network *n);

/* Number 0 to below - 1; truth once in `in` draws (never when 0). */
uint64_t network_draw(struct network *n, uint64_t below);
bool network_once_in(struct network *n, unsigned in);

struct path *network_path(struct network *n, unsigned a, unsigned b);

/* Let time go on until a party is to act, and say which; false: `until_ns` came first. */
MUST_USE bool network_next(struct network *n, int64_t until_ns, unsigned *party);

/* `party` is to act at that time or before; NEVER_NS: no wish. */
void network_wake(struct network *n, unsigned party, int64_t at_ns);

/* -- what parties do --------------------------------------------------------------------------- */

void network_listen(struct network *n, unsigned party, bool listens);
uint32_t network_dial(struct network *n, unsigned from, unsigned to, enum node_port port);
enum dial_state network_dialled(const struct network *n, uint32_t wire);

/* The next connection that waits to be accepted; false: none. */
MUST_USE bool network_accept(
    struct network *n, unsigned party, uint32_t *wire, enum node_port *port);

unsigned network_other(const struct network *n, uint32_t wire, unsigned end);

/* How many bytes were taken; 0 while the window is full. */
size_t network_write(
    struct network *n, uint32_t wire, unsigned end, const char *bytes, size_t count);
size_t network_room(const struct network *n, uint32_t wire, unsigned end);
size_t network_readable(const struct network *n, uint32_t wire, unsigned end);
void network_read(struct network *n, uint32_t wire, unsigned end, char *to, size_t count);
bool network_ended(
    const struct network *n, uint32_t wire, unsigned end); /* FIN, and all was read */
bool network_broken(const struct network *n, uint32_t wire, unsigned end);

void network_shut(struct network *n, uint32_t wire, unsigned end); /* FIN follows the last byte */

/* This end is gone. The other one sees FIN after the last byte, or an error: when `reset`, when
 * there was something unread, when it writes on. */
void network_close(struct network *n, uint32_t wire, unsigned end, bool reset);

/* -- what fate does ---------------------------------------------------------------------------- */

/* What stands between a and b breaks; new connections can be made. CUT_STALL does nothing here. */
void network_break(struct network *n, unsigned a, unsigned b, enum cut how);

/* As network_break, and nothing passes from now on until network_heal. */
void network_cut(struct network *n, unsigned a, unsigned b, enum cut how);

/* The same for one direction only: what comes the other way still arrives. Nobody can connect. */
void network_cut_side(struct network *n, unsigned a, unsigned b, enum cut how, enum cut_side side);
void network_heal(struct network *n, unsigned a, unsigned b);

/* `party` is gone without a word: its wires fall silent, until something is written to them after
 * it listens again. */
void network_crash(struct network *n, unsigned party);

/* How many wires stand between two parties and carry both ways, and who dialled the last of
 * them. */
unsigned network_wires_between(const struct network *n, unsigned a, unsigned b);
unsigned network_dialler(const struct network *n, unsigned a, unsigned b);

#endif
