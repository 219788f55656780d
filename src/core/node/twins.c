/* twins.c — see twins.h.
 *
 *   state     event                                 next     does
 *   NONE      a rival comes                         ASKED    PING on the link; the rival stands by
 *   ASKED     the link ends                         NONE     admits the rival
 *   ASKED     it is silent                          ASKED    ends it
 *   ASKED     it lives                              JUDGED   TWIN to the later process
 *   ASKED     one of both stops                     ASKED    waits for its end
 *   JUDGED    the link ends, as the loser           NONE     admits the rival
 *   any       the rival ends                        NONE
 *   any       a process takes too long to leave     same     ends its link
 *
 * A process that does not say `started` knows no TWIN and is not let wait: it hears BYE.
 *
 * Holds always: `contests` counts those that are not NONE; a rival is of another boot than the
 * link; nothing is decided before a rival has proved who it is. Called by links.c. */
#include "core/node/private.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define IS_LINKED "another process of this name is linked"
#define IS_SILENT "silent, and another process of its name has come"

bool twins_begin(struct node *n)
{
    n->twins.each = calloc(EDGES_MAX, sizeof *n->twins.each);
    return n->twins.each != NULL;
}

void twins_end(struct node *n)
{
    free(n->twins.each);
    n->twins.each = NULL;
}

/* -- who they are ------------------------------------------------------------------------------ */

static struct link *link_of(const struct node *n, const struct neighbour *who)
{
    if (who->linked == NEIGHBOUR_NO_LINK)
        return NULL;
    const struct connection *c = connection_of(&n->connections, (uint32_t)who->linked);
    ASSERT(c && c->kind == CONNECTION_LINK && c->link);
    return link_is_live(c->link) ? c->link : NULL;
}

static struct link *rival_of(const struct contest *c)
{
    return c->rival && link_is_live(c->rival) ? c->rival : NULL;
}

static struct twin twin_at(const struct link *l)
{
    struct twin t = {.boot = l->peering.theirs.boot, .started = l->peering.theirs.started};
    snprintf(t.address, sizeof t.address, "%s", *l->from ? l->from : "-");
    return t;
}

static bool stops(const struct link *l)
{
    return l->peering.link.peer_stops;
}

/* -- how it goes on ---------------------------------------------------------------------------- */

static void enter(struct node *n, struct contest *c, enum contest_state state, struct instant now)
{
    n->twins.contests += state != CONTEST_NONE;
    n->twins.contests -= c->state != CONTEST_NONE;
    c->state = state;
    c->since_ns = now.mono_ns;
    ASSERT(n->twins.contests <= n->links.neighbours.count);
}

static void finish(struct node *n, struct contest *c, struct instant now)
{
    enter(n, c, CONTEST_NONE, now);
    c->asked = c->rival = NULL;
    c->waits = c->rival_leaves = false;
}

static bool give(struct twins_order *out, enum twins_deed deed, struct link *l)
{
    *out = (struct twins_order){.deed = deed, .link = l};
    return true;
}

static bool give_end(struct twins_order *out, struct link *l, const char *why)
{
    *out = (struct twins_order){.deed = TWINS_END, .link = l, .why = why};
    return true;
}

struct twins_order twins_meet(struct node *n, struct link *l, struct instant now)
{
    unsigned number = l->peering.peer->number;
    struct contest *c = &n->twins.each[number];
    struct link *linked = link_of(n, &n->links.neighbour_of[number]), *rival = rival_of(c);
    struct twins_order out = {.deed = TWINS_ADMIT, .link = l};
    ASSERT(number < n->links.neighbours.count && l != linked && l != rival);
    if (!linked)
        return out;
    ASSERT(linked->peering.theirs.boot != l->peering.theirs.boot);
    bool twice = rival && rival->peering.theirs.boot == l->peering.theirs.boot;
    give_end(&out, l, twice ? PEERING_DUPLICATE : IS_LINKED);
    if (rival)
        return out;
    if (c->state == CONTEST_NONE || c->rival_leaves) {
        enter(n, c, CONTEST_ASKED, now);
        c->asked = NULL; /* twins_next asks it */
        c->rival_leaves = false;
    }
    c->who = twin_at(l);
    c->waits = c->who.started != 0;
    c->rival = c->waits ? l : NULL;
    if (c->waits)
        out = (struct twins_order){.deed = TWINS_STAND_BY, .link = l, .stand_in = &c->stand_in};
    return out;
}

void twins_forget(struct node *n, const struct link *l)
{
    for (unsigned i = 0; n->twins.contests && i < n->links.neighbours.count; i++) {
        struct contest *c = &n->twins.each[i];
        c->asked = c->asked == l ? NULL : c->asked;
        c->rival = c->rival == l ? NULL : c->rival;
    }
}

/* -- the judgement ----------------------------------------------------------------------------- */

static void log_boot(struct node *n, const char *key, uint64_t boot)
{
    char text[16];
    struct buf out = buf_over(text, sizeof text);
    buf_hex(&out, boot, 16);
    log_text(n->log, key, buf_span(&out));
}

/* A process that is restarted again and again loses again and again. */
static void log_twins(struct node *n, struct contest *c, struct span name, const struct twin *stays,
    const struct twin *leaves, struct instant now)
{
    n->metrics.twins++;
    if (now.mono_ns < c->log_ns)
        return;
    c->log_ns = now.mono_ns + TWINS_LOG_MS * MS_NS;
    log_begin(n->log, LOG_ERROR, "twins", now);
    log_text(n->log, "peer", name);
    log_boot(n, "stays", stays->boot);
    log_text(n->log, "stays_at", span_of(stays->address));
    log_boot(n, "leaves", leaves->boot);
    log_text(n->log, "leaves_at", span_of(leaves->address));
    log_text(n->log, "why", SPAN("two processes run under this name; the earlier one stays"));
    log_end(n->log);
}

/* It has to leave, or had its time to. */
static bool send_away(
    struct node *n, struct twins_order *out, struct link *l, const struct twin *stays)
{
    snprintf(n->twins.why, sizeof n->twins.why, "another process stays: boot %016" PRIx64 ", at %s",
        stays->boot, stays->address);
    return give_end(out, l, n->twins.why);
}

/* Both live. true: there is something to do. */
static bool judge(struct node *n, struct contest *c, struct link *linked, struct twins_order *out,
    struct instant now)
{
    struct twin holder = twin_at(linked);
    struct link *rival = rival_of(c);
    bool holder_stays = twin_is_earlier(&holder, &c->who);
    const struct twin *stays = holder_stays ? &holder : &c->who;
    struct link *loser = holder_stays ? rival : linked;
    log_twins(n, c, linked->peering.peer->name, stays, holder_stays ? &c->who : &holder, now);
    ASSERT(holder_stays || loser);
    if (!loser) { /* it has heard BYE already */
        finish(n, c, now);
        return false;
    }
    if (!loser->peering.theirs.started)
        return send_away(n, out, loser, stays);
    enter(n, c, CONTEST_JUDGED, now);
    c->rival_leaves = holder_stays;
    *out = (struct twins_order){.deed = TWINS_TELL, .link = loser, .stays = *stays};
    return true;
}

static int64_t leave_ns(const struct node *n, const struct contest *c)
{
    return c->since_ns + ((int64_t)n->topology->limits.stop_ms + TWINS_LEAVE_MS) * MS_NS;
}

/* Until when a link that is asked may be silent. */
static int64_t silent_ns(const struct contest *c, const struct link *linked)
{
    int64_t wait_ns = TWINS_ROUND_TRIPS * clock_gauge_round_trip(&linked->peering.peer->clock);
    if (wait_ns < TWINS_SILENT_MS * MS_NS)
        wait_ns = TWINS_SILENT_MS * MS_NS;
    int64_t heard_ns = linked->peering.heard_ns;
    return (heard_ns > c->since_ns ? heard_ns : c->since_ns) + wait_ns;
}

static bool look_at_asked(struct node *n, struct contest *c, struct link *linked,
    struct twins_order *out, struct instant now)
{
    struct link *rival = rival_of(c);
    bool linked_stops = stops(linked);
    if (linked_stops || (rival && stops(rival))) {
        if (now.mono_ns < leave_ns(n, c))
            return false;
        struct twin other = linked_stops ? c->who : twin_at(linked);
        return send_away(n, out, linked_stops ? linked : rival, &other);
    }
    if (linked->peering.ping_answered || now.mono_ns >= c->since_ns + TWINS_LIVES_MS * MS_NS)
        return judge(n, c, linked, out, now);
    return now.mono_ns >= silent_ns(c, linked) && give_end(out, linked, IS_SILENT);
}

/* The neighbour has no link any more. */
static bool look_at_rest(
    struct node *n, struct contest *c, struct twins_order *out, struct instant now)
{
    struct link *rival = rival_of(c);
    if (!rival || c->rival_leaves) {
        if (!rival || now.mono_ns >= leave_ns(n, c))
            finish(n, c, now);
        return rival && c->state == CONTEST_NONE && give_end(out, rival, IS_LINKED);
    }
    finish(n, c, now);
    return give(out, TWINS_ADMIT, rival);
}

static bool look(struct node *n, const struct neighbour *who, struct contest *c,
    struct twins_order *out, struct instant now)
{
    struct link *linked = link_of(n, who), *rival = rival_of(c);
    if (!linked)
        return look_at_rest(n, c, out, now);
    if (c->waits && !rival) {
        finish(n, c, now);
        return false;
    }
    if (c->who.boot == linked->peering.theirs.boot) { /* by another connection */
        if (rival)
            return give_end(out, rival, PEERING_DUPLICATE);
        finish(n, c, now);
        return false;
    }
    if (c->asked != linked) {
        enter(n, c, CONTEST_ASKED, now);
        c->asked = linked;
        c->rival_leaves = false;
        return give(out, TWINS_ASK, linked);
    }
    if (c->state == CONTEST_ASKED)
        return look_at_asked(n, c, linked, out, now);
    struct twin stays = c->rival_leaves ? twin_at(linked) : c->who;
    return now.mono_ns >= leave_ns(n, c) &&
           send_away(n, out, c->rival_leaves ? rival : linked, &stays);
}

bool twins_next(struct node *n, struct twins_order *out, struct instant now)
{
    if (n->stopping)
        return false;
    for (unsigned i = 0; i < n->links.neighbours.count; i++) {
        struct contest *c = &n->twins.each[i];
        if (c->state != CONTEST_NONE && look(n, &n->links.neighbour_of[i], c, out, now))
            return true;
    }
    return false;
}

static int64_t deadline_of(const struct node *n, const struct contest *c)
{
    if (c->state == CONTEST_JUDGED || !c->asked)
        return leave_ns(n, c);
    const struct link *rival = rival_of(c);
    if (stops(c->asked) || (rival && stops(rival)))
        return leave_ns(n, c);
    return earlier_ns(silent_ns(c, c->asked), c->since_ns + TWINS_LIVES_MS * MS_NS);
}

int64_t twins_deadline(const struct node *n)
{
    int64_t soonest = NEVER_NS;
    for (unsigned i = 0; !n->stopping && i < n->links.neighbours.count; i++) {
        const struct contest *c = &n->twins.each[i];
        if (c->state != CONTEST_NONE)
            soonest = earlier_ns(soonest, deadline_of(n, c));
    }
    return soonest;
}

/* -- this node is the twin --------------------------------------------------------------------- */

void twins_told(struct node *n, const struct link *l, struct instant now)
{
    const struct twin *stays = &l->peering.twin;
    ASSERT(l->peering.peer && stays->boot != n->links.peering.boot);
    if (n->twins.told_of || n->stopping)
        return;
    n->twins.told_of = stays->boot;
    log_begin(n->log, LOG_ERROR, "twin", now);
    log_text(n->log, "said_by", l->peering.peer->name);
    log_boot(n, "stays", stays->boot);
    log_text(n->log, "stays_at", span_of(stays->address));
    log_boot(n, "leaves", n->links.peering.boot);
    log_text(n->log, "why", SPAN("an earlier process runs under this node's name; this one ends"));
    log_end(n->log);
}
