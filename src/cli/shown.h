/* shown.h — what `watch` has shown of each client id, so that after a reconnect nothing older, or
 * the same, is shown again.
 *
 * Of one connection, a node's news are in order (PROTOCOL.md, "Live queries"). The next node may be
 * behind the one before, and begins with what it holds. So of each id the newest stamp is kept, and
 * for a fence whether it is within:
 *
 *   the node says       was within      was not
 *   IN, ENTER, MOVE     MOVE            ENTER (IN, on the first connection)
 *   EXIT                EXIT            nothing
 *   GONE                GONE; the id    nothing; the id is forgotten
 *                       is forgotten
 *   nothing, before     GONE            nothing
 *   WATCHING
 *
 * but nothing where the stamp is not newer than the one kept. The last row, on a connection that is
 * not the first, is an id that the next node does not have within: where it is, is not known. Its
 * stamp is kept then, and shown again if the node catches up to it.
 *
 * It takes some 150 bytes for each id that was ever shown. Called by watch. */
#ifndef CLI_SHOWN_H
#define CLI_SHOWN_H

#include "cli/news.h"

struct shown_id;

struct shown {
    bool fence;
    uint32_t connection; /* 1: the first */
    struct shown_id *ids; /* a hash table with linear probing */
    size_t room, count; /* room: a power of two, or 0 */
    size_t swept; /* slots that shown_lost has seen */
    uint64_t key[2];
};

void shown_begin(struct shown *s, bool fence);
void shown_end(struct shown *s);

/* Another connection begins. */
void shown_reconnect(struct shown *s);

/* As what a line of NOW to GONE is to be shown; NEWS_NONE: not at all. It counts as shown then.
 * false: out of memory. */
MUST_USE bool shown_judge(struct shown *s, const struct news *news, enum news_kind *as);

/* Whether anything was kept of an id. */
bool shown_has(const struct shown *s, struct span id);

/* When the initial data of this connection are over: the next id that was within and that it has
 * not told of; from now on it counts as shown as GONE. The id is valid until the next call of
 * anything here. false: there is none, any more. */
MUST_USE bool shown_lost(struct shown *s, struct span *id);

#endif
