/* peering.c — a link's life, and what comes in by it. The states are in peering.h, the lines in
 * PROTOCOL.md, "Peer port"; what goes out is out.c's.
 *
 * Holds always: before LINKED no line reaches the store or a struct peer; stamps are put in the
 * order in which they came, and before any other line that follows them is acted upon, so that a
 * MARK is true when it counts; a link that is OVER stays so, for one reason; nothing is
 * allocated. All bytes are the other side's: whatever is wrong with them ends the link with a BYE
 * that says what, and never more than the link. Called by node. */
#include "core/peering/peering.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/peering/arrivals.h"
#include "core/peering/lists.h"
#include "core/peering/question.h"
#include "core/peering/refused.h"
#include "core/protocol/command.h"

enum { WORDS_MAX = 2 + PEERING_SEEN_MAX }; /* of a line that is not AT; SEEN has the most */
#define NO_SECRET "this node has no secret, its peer wants AUTH"

/* -- how it ends ------------------------------------------------------------------------------- */

/* The reason comes in parts. It may also be what the other end's BYE said, so it is made
 * printable. */
static void set_reason(struct peering *p, const struct span *parts, size_t count)
{
    ASSERT(p->state != PEERING_OVER && count > 0);
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i].len && len < PEERING_REASON_BYTES_MAX; k++) {
            char c = parts[i].at[k];
            p->reason[len++] = c >= ' ' && c <= '~' ? c : '?';
        }
    p->reason[len] = '\0';
    p->state = PEERING_OVER;
}

#define REASON(...) \
    (const struct span[]){__VA_ARGS__}, sizeof(struct span[]){__VA_ARGS__} / sizeof(struct span)

static enum peering_event end_parts(struct peering *p, const struct span *parts, size_t count)
{
    set_reason(p, parts, count);
    ASSERT(*p->reason);
    p->bye_due = true;
    return PEERING_ENDED;
}

static enum peering_event end(struct peering *p, const char *reason)
{
    return end_parts(p, REASON(span_of(reason)));
}

static enum peering_event end_if(struct peering *p, const char *wrong)
{
    return wrong ? end(p, wrong) : PEERING_NOTHING;
}

void peering_tell_twin(struct peering *p, const struct twin *stays)
{
    ASSERT(p->state == PEERING_LINKED && p->peer && p->theirs.started);
    p->twin_stays = *stays;
    p->twin_due = true;
}

void peering_end(struct peering *p, const char *reason)
{
    if (p->state != PEERING_OVER)
        (void)end(p, reason);
}

void peering_ask(struct peering *p)
{
    ASSERT(p->state == PEERING_LINKED && p->peer && !p->rival);
    p->probed = true;
    p->ping_due = true;
    p->ping_answered = false;
    p->ping_real_ns = -1; /* a PONG that is under way answers an earlier question */
}

bool peering_heard_out(const struct peering *p)
{
    ASSERT(p->state == PEERING_LINKED && p->peer && p->node->stopping);
    return p->ping_answered && p->peer->have_change >= p->announced_change;
}

void peering_hold_answer(struct peering *p, bool waits)
{
    ASSERT(p->state == PEERING_LINKED && p->peer && p->node->stopping);
    p->pong_waits = waits && p->link.peer_stops;
}

void peering_stop(struct peering *p)
{
    ASSERT(p->node->stopping);
    peering_ask(p);
}

bool peering_confirmed(const struct peering *p)
{
    ASSERT(p->state == PEERING_LINKED && p->peer && p->node->stopping);
    bool told = !p->link.peer_stops || link_state_told(&p->link);
    return told && p->ping_answered && p->peer->acked >= p->node->stop_change;
}

void peering_watch(struct peering *p, struct instant now)
{
    if (p->state != PEERING_LINKED || !p->peer || p->rival || p->node->stopping)
        return;
    level_watch(&p->level, now);
    p->ping_due |= now.mono_ns - p->ping_mono_ns >= LEVEL_PING_MS * MS_NS;
}

static enum peering_event on_bye(struct peering *p, struct span reason)
{
    set_reason(p, REASON(reason.len ? reason : SPAN("BYE without a reason")));
    return PEERING_ENDED;
}

/* -- opening ----------------------------------------------------------------------------------- */

void peering_begin(struct peering *p, const struct peering_node *node, struct peer *peer,
    const unsigned char nonce[NONCE_BYTES], char *room, struct instant now)
{
    ASSERT(node->boot && node->peers_count <= PEERING_PEERS_MAX);
    ASSERT(!peer || peer == &node->peers[peer->number]);
    *p = (struct peering){
        .node = node,
        .peer = peer,
        .role = peer ? HELLO_DIALLED : HELLO_ACCEPTED,
        .state = PEERING_HELLO,
        .lines = {.room = room, .bytes_max = PEERING_LINE_BYTES_MAX},
        .opened_ns = now.mono_ns,
        .heard_ns = now.mono_ns,
        .said_ns = now.mono_ns,
        .ping_mono_ns = now.mono_ns,
        .ping_real_ns = -1,
    };
    memcpy(p->nonce, nonce, NONCE_BYTES);
    proof_begin(&p->proof);
}

/* The link is the peer's from now on. */
static void begin_link(struct peering *p, struct instant now)
{
    link_state_begin(&p->link, p->node, p->peer);
    if (p->peer->boot != p->theirs.boot)
        link_state_meet_boot(&p->link, p->theirs.boot, now);
    p->peer->topology = p->theirs.topology;
    p->topology_round -= p->node->topologies.differ; /* it is to be told that there are two */
    bool spare = p->node->spare_links && p->theirs.lazy && !p->peer->in_tree;
    lease_begin(&p->lease, spare, p->node->boot ^ p->theirs.boot, now);
    p->ping_due = spare && p->peer->tree_hops; /* at once, to measure how long a hop takes */
}

static enum peering_event come_up(struct peering *p, struct instant now)
{
    ASSERT(p->state == PEERING_HELLO || p->state == PEERING_AUTH);
    ASSERT(p->observer == !p->peer);
    p->state = PEERING_LINKED;
    if (p->observer)
        return PEERING_UP;
    if (p->peer->up && p->peer->boot != p->theirs.boot)
        return PEERING_RIVAL;
    begin_link(p, now);
    return PEERING_UP;
}

void peering_stand_by(struct peering *p, struct peer *stand_in, struct instant now)
{
    ASSERT(p->state == PEERING_LINKED && !p->observer && !p->rival && stand_in != p->peer);
    *stand_in = (struct peer){.name = p->peer->name,
        .number = p->peer->number,
        .cursor = p->peer->cursor, /* which stays where it is */
        .boot = p->theirs.boot,
        .had = past_had(p->node, p->peer)};
    p->peer = stand_in;
    p->rival = true;
    link_state_begin(&p->link, p->node, stand_in);
    lease_begin(&p->lease, false, 0, now);
}

void peering_admit(struct peering *p, struct instant now)
{
    ASSERT(p->state == PEERING_LINKED && !p->observer && !p->twin_due);
    const struct peer *stand_in = p->peer;
    struct link_state heard = p->link;
    if (p->rival)
        p->peer = &p->node->peers[stand_in->number];
    begin_link(p, now);
    if (!p->rival)
        return;
    p->rival = false;
    link_state_take_over(&p->link, &heard);
}

static struct peer *find_peer(const struct peering_node *node, struct span name)
{
    for (unsigned i = 0; i < node->peers_count; i++)
        if (!node->peers[i].gone && span_equal(node->peers[i].name, name))
            return &node->peers[i];
    return NULL;
}

/* Only the other end has an edge. */
static enum peering_event refuse_edge(struct peering *p, struct span from)
{
    bool named = false;
    const struct peering_node *node = p->node;
    for (unsigned i = 0; !named && i < node->herd_names_count; i++)
        named = span_equal(node->herd_names[i], from);
    return end_parts(p, REASON(node->name, SPAN(PEERING_OTHER_TOPOLOGY),
                            named ? SPAN("has no edge to ") : SPAN("does not name "), from));
}

static enum peering_event check_certificate(struct peering *p, struct span from)
{
    char text[PEERING_REASON_BYTES_MAX];
    struct buf why = buf_over(text, sizeof text);
    certified_faults(p, from, &why);
    return why.len ? end_parts(p, REASON(buf_span(&why))) : PEERING_NOTHING;
}

static enum peering_event check_hello(struct peering *p, const struct hello *h)
{
    const struct peering_node *node = p->node;
    if (!span_equal(h->herd, node->herd))
        return end_parts(p, REASON(SPAN("this herd is "), node->herd, SPAN(", not "), h->herd));
    if (span_equal(h->from, node->name) || h->boot == node->boot ||
        memcmp(h->nonce, p->nonce, NONCE_BYTES) == 0)
        return end_parts(p, REASON(node->name, SPAN(" talks to itself")));
    if (h->auth && !node->secrets.count)
        return end(p, NO_SECRET);
    if (p->peer && !span_equal(h->from, p->peer->name))
        return end_parts(p, REASON(SPAN("dialled "), p->peer->name, SPAN(", found "), h->from));
    if (!span_equal(h->to, node->name))
        return end_parts(p, REASON(SPAN("this is "), node->name, SPAN(", not "), h->to));
    p->observer = span_equal(h->from, SPAN(HELLO_OBSERVER));
    if (!p->observer)
        p->peer = find_peer(node, h->from);
    if (!p->observer && !p->peer)
        return refuse_edge(p, h->from);
    if (p->observer)
        return PEERING_NOTHING;
    if (h->tls && node->also_secret && !p->certified)
        return end(p, PEERING_BY_TLS);
    return check_certificate(p, h->from);
}

static enum peering_event on_hello(struct peering *p, struct span line, struct instant now)
{
    struct hello h;
    const char *wrong = hello_parse(line, &h);
    if (wrong)
        return end(p, wrong);
    if (check_hello(p, &h) == PEERING_ENDED)
        return PEERING_ENDED;
    p->theirs = h;
    p->theirs.herd = p->node->herd;
    p->theirs.from = p->observer ? SPAN(HELLO_OBSERVER) : p->peer->name;
    p->theirs.to = p->node->name;
    p->by_secret = certified_proves_too_little(p) || (p->node->secrets.count && h.auth);
    if (!p->by_secret)
        return come_up(p, now);
    p->state = PEERING_AUTH;
    return PEERING_NOTHING;
}

/* What the other end's AUTH has to sign. */
static struct auth_exchange auth_of_theirs(const struct peering *p, const struct hello *mine)
{
    enum hello_role role = p->role == HELLO_DIALLED ? HELLO_ACCEPTED : HELLO_DIALLED;
    return (struct auth_exchange){.role = role, .speaker = &p->theirs, .other = mine};
}

static enum peering_event on_auth(struct peering *p, struct span line, struct instant now)
{
    ASSERT(p->by_secret && p->node->secrets.count > 0);
    struct hello mine = link_state_hello(p->node, p->peer, p->nonce);
    struct auth_exchange x = auth_of_theirs(p, &mine);
    if (line.len < 5 || memcmp(line.at, "AUTH ", 5) != 0)
        return end(p, "this node wants AUTH");
    unsigned proven = auth_proves(line, &p->node->secrets, &x);
    if (!proven)
        return end(p, "AUTH is wrong: the secrets differ");
    proof_heard(&p->proof, proven);
    return come_up(p, now);
}

static enum peering_event on_auth_again(struct peering *p, struct span line, struct instant now)
{
    ASSERT(p->state == PEERING_LINKED && p->peer);
    ASSERT(p->by_secret && p->node->secrets.count > 0);
    struct hello mine = link_state_hello(p->node, p->peer, p->nonce);
    struct auth_exchange x = auth_of_theirs(p, &mine);
    const char *wrong = proof_heard_again(&p->proof, &p->node->secrets, line, x, now);
    p->auth_sent = !proof_due(&p->proof);
    return end_if(p, wrong);
}

void peering_secrets_changed(struct peering *p, const struct secrets *before, struct instant now)
{
    if (p->state != PEERING_LINKED || p->observer || !p->by_secret)
        return; /* its first AUTH is judged by the new ones; an observer is gone before 10 s */
    proof_secrets_changed(&p->proof, before, &p->node->secrets, p->theirs.secrets, now);
    p->auth_sent = !proof_due(&p->proof);
}

/* -- stamps ------------------------------------------------------------------------------------ */

/* Out of line, so that what does the same on all other links stays in line: it is on the way of
 * every stamp. */
__attribute__((noinline)) static bool put_watched(struct peering *p, struct arrivals *a)
{
    uint64_t before = store_digest(p->node->store);
    bool all = arrivals_put(a, &p->lease, &p->link);
    level_put(&p->level, p->node->store, before);
    return all;
}

static enum peering_event put_arrivals(struct peering *p, struct arrivals *a)
{
    if (!a->count)
        return PEERING_NOTHING;
    bool all = p->level.watched_until_ns ? put_watched(p, a) : arrivals_put(a, &p->lease, &p->link);
    return all || p->state == PEERING_OVER ? PEERING_NOTHING : end(p, PEERING_NO_MEMORY);
}

static enum peering_event on_at(struct peering *p, struct arrivals *a, struct span line)
{
    const char *wrong = arrivals_add(a, &p->lease, &p->link, line);
    enum peering_event event = PEERING_NOTHING;
    /* a line in the reader's room is overwritten when the next one is cut */
    if (wrong || a->count == PEERING_GROUP || p->lines.room_in_use)
        event = put_arrivals(p, a);
    return wrong && event == PEERING_NOTHING ? end(p, wrong) : event;
}

/* -- other lines of a link --------------------------------------------------------------------- */

/* Between a GRAFT and its EAGER a MARK says nothing: it was sent before the GRAFT was heard. */
static enum peering_event on_mark(struct peering *p, const struct span *words, struct instant now)
{
    uint64_t change;
    if (!decimal_count(words[1], UINT64_MAX, &change) || change < p->link.mark_heard)
        return end(p, "MARK with a bad number");
    if (p->lease.state != LEASE_ASKED)
        link_state_mark_heard(&p->link, change, now);
    return PEERING_NOTHING;
}

static enum peering_event on_ack(struct peering *p, const struct span *words, struct instant now)
{
    uint64_t change;
    if (!decimal_count(words[1], UINT64_MAX, &change) ||
        !link_state_ack_heard(&p->link, change, now))
        return end(p, "ACK of what was not marked");
    return PEERING_NOTHING;
}

/* An alarm only where both ends have everything of each other: the peer does not PING before it has
 * sent all that it has, and has confirmed all that this node has. Then both digests are of the same
 * stamps. */
static enum peering_event compare_digests(struct peering *p, struct instant now)
{
    struct peer *peer = p->peer;
    struct store *store = p->node->store;
    if (p->lease.state == LEASE_ASKED)
        return PEERING_NOTHING;
    bool equal = peer->digest == store_digest(store) && peer->stamps == store_count(store);
    if (equal)
        link_state_complete(&p->link, now);
    lists_compared(&p->link, equal, now);
    if (!link_state_caught_up(&p->link))
        return PEERING_NOTHING;
    if (equal) {
        link_state_agreed(&p->link, now);
        return PEERING_NOTHING;
    }
    if (peer->partial || peering_partial(p->node))
        return PEERING_NOTHING;
    peer->unequal++;
    if (peer->unequal < 2 || now.mono_ns < peer->resend_not_before_ns)
        return PEERING_NOTHING;
    peer->unequal = 0;
    peer->divergences++;
    link_state_resend(&p->link, now);
    return PEERING_DIVERGED;
}

static enum peering_event on_ping(
    struct peering *p, const struct span *words, int count, struct instant now)
{
    uint64_t real_ns, stamps, digest;
    bool partial = count == 5 && span_equal(words[4], SPAN("partial"));
    bool behind = count == 5 && span_equal(words[4], SPAN("behind"));
    if (!decimal_count(words[1], INT64_MAX, &real_ns) ||
        !decimal_count(words[2], UINT64_MAX, &stamps) || !hello_hex64(words[3], &digest) ||
        (count == 5 && !partial && !behind))
        return end(p, "PING with a bad field");
    p->pong_due = true;
    p->pong_ns = (int64_t)real_ns;
    if (p->observer)
        return PEERING_NOTHING;
    if (!p->node->late)
        clock_gauge_read(&p->peer->clock, (int64_t)real_ns, now.real_ns);
    if (p->rival)
        return PEERING_NOTHING;
    p->peer->news = true; /* of digests, too, which are compared next */
    if (level_agrees(&p->level, p->node->store, p->peer, stamps, digest, behind))
        link_state_level(&p->link, now);
    enum peering_event event = PEERING_NOTHING;
    if (!behind) {
        p->peer->stamps = stamps;
        p->peer->digest = digest;
        p->peer->partial = partial;
        event = compare_digests(p, now);
        refused_settle(&p->link);
    }
    return refused_ask_again(&p->link, now) ? end(p, PEERING_ASKS_AGAIN) : event;
}

/* Only a PONG to the last PING measures anything. */
static enum peering_event on_pong(struct peering *p, const struct span *words, struct instant now)
{
    uint64_t real_ns;
    if (!decimal_count(words[1], INT64_MAX, &real_ns))
        return end(p, "PONG with a bad number");
    if ((int64_t)real_ns == p->ping_real_ns) {
        if (!p->node->late)
            clock_gauge_trip(&p->peer->clock, now.mono_ns - p->ping_mono_ns);
        p->ping_answered = true;
        p->announced_change = p->link.peer_stops ? p->link.peer_stop_change : 0;
        p->peer->news = true;
        p->probed = false;
    }
    return PEERING_NOTHING;
}

static enum peering_event on_stopping(
    struct peering *p, const struct span *words, struct instant now)
{
    uint64_t change;
    if (!decimal_count(words[1], UINT64_MAX, &change) ||
        !link_state_peer_stops(&p->link, change, now))
        return end(p, "STOPPING with a bad number");
    return PEERING_NOTHING;
}

static enum peering_event on_twin(struct peering *p, const struct span *words)
{
    const char *wrong = twin_parse(words, p->node, &p->twin);
    return wrong ? end(p, wrong) : PEERING_TWIN;
}

static enum peering_event on_topology(
    struct peering *p, const struct span *words, struct instant now)
{
    const char *wrong = topologies_heard(p->peer, words, now);
    p->theirs.topology = p->peer->topology;
    return wrong ? end(p, wrong) : PEERING_TOPOLOGY;
}

static enum peering_event on_word(struct peering *p, struct span line, struct instant now)
{
    struct span words[WORDS_MAX];
    int count = command_split(line, words, WORDS_MAX);
    struct span word = count > 0 ? words[0] : SPAN("");
    if ((count == 4 || count == 5) && span_equal(word, SPAN("PING")))
        return on_ping(p, words, count, now);
    if (p->observer && question_is(word, count)) {
        p->asked = line;
        return PEERING_ASKED;
    }
    if (p->observer)
        return end(p, "an observer may only ask");
    if (count == 2 && span_equal(word, SPAN("MARK")))
        return on_mark(p, words, now);
    if (count == 2 && span_equal(word, SPAN("ACK")))
        return on_ack(p, words, now);
    if (count == 2 && span_equal(word, SPAN("PONG")))
        return on_pong(p, words, now);
    if (count == 2 && span_equal(word, SPAN("STOPPING")))
        return on_stopping(p, words, now);
    if (count == 4 && span_equal(word, SPAN("TWIN")))
        return on_twin(p, words);
    if (count == 3 && span_equal(word, SPAN("TOPOLOGY")))
        return on_topology(p, words, now);
    if (count > 2 && count <= WORDS_MAX && span_equal(word, SPAN("SEEN")))
        return end_if(p, lease_on_seen(&p->lease, &p->link, words, (unsigned)count, now));
    uint64_t number;
    if (count == 2 && decimal_count(words[1], INT64_MAX, &number)) {
        if (span_equal(word, SPAN("EAGER")))
            return end_if(p, lease_on_eager(&p->lease, &p->link, number, now));
        if (span_equal(word, SPAN("PRUNE")))
            return end_if(p, notices_on_prune(&p->notices, p->node, number));
        if (span_equal(word, SPAN("GRAFT")))
            return end_if(p, notices_on_graft(&p->notices, &p->link, number));
    }
    if (span_equal(word, SPAN("AUTH")) && !p->node->secrets.count)
        return end(p, NO_SECRET);
    if (span_equal(word, SPAN("AUTH")) && p->by_secret && p->theirs.secrets)
        return on_auth_again(p, line, now);
    return end(p, "a line that is none of the peer protocol");
}

/* -- lines ------------------------------------------------------------------------------------- */

static bool begins_with(struct span line, struct span word)
{
    return line.len >= word.len && memcmp(line.at, word.at, word.len) == 0;
}

static enum peering_event on_line(
    struct peering *p, struct arrivals *a, struct span line, struct instant now)
{
    ASSERT(p->state != PEERING_OVER);
    if (p->state == PEERING_LINKED && !p->observer && begins_with(line, SPAN("AT ")))
        return on_at(p, a, line);
    enum peering_event event = put_arrivals(p, a);
    if (event != PEERING_NOTHING)
        return event;
    if (span_equal(line, SPAN("BYE")) || begins_with(line, SPAN("BYE ")))
        return on_bye(p, span_from(line, line.len > 4 ? 4 : line.len));
    if (p->state == PEERING_HELLO)
        return on_hello(p, line, now);
    if (p->state == PEERING_AUTH)
        return on_auth(p, line, now);
    return on_word(p, line, now);
}

enum peering_event peering_take(struct peering *p, struct span *in, struct instant now)
{
    struct arrivals a;
    arrivals_begin(&a, p->node, now);
    enum peering_event event = PEERING_NOTHING;
    if (in->len)
        p->heard_ns = now.mono_ns;
    while (event == PEERING_NOTHING && p->state != PEERING_OVER) {
        struct span line;
        enum line_result result = line_next(&p->lines, in, &line);
        if (result == LINE_MORE)
            break;
        event =
            result == LINE_WHOLE ? on_line(p, &a, line, now) : end(p, "a line that is too long");
    }
    enum peering_event starved = put_arrivals(p, &a);
    if (event == PEERING_NOTHING)
        event = starved;
    if (p->state == PEERING_OVER)
        *in = span_from(*in, in->len);
    ASSERT(a.count == 0 && (event == PEERING_ENDED) <= (p->state == PEERING_OVER));
    ASSERT(event != PEERING_NOTHING || in->len == 0);
    return event;
}

/* -- time -------------------------------------------------------------------------------------- */

int64_t peering_deadline(const struct peering *p)
{
    if (p->state == PEERING_OVER)
        return NEVER_NS;
    if (p->state != PEERING_LINKED)
        return p->opened_ns + PEERING_HANDSHAKE_MS * MS_NS;
    if (p->observer)
        return p->transfers ? NEVER_NS : p->opened_ns + PEERING_DEAD_MS * MS_NS;
    int64_t dead_ns = earlier_ns(p->heard_ns + PEERING_DEAD_MS * MS_NS, p->proof.until_ns);
    if (p->ping_due)
        return dead_ns;
    int64_t silent_ns = p->said_ns + PEERING_PING_MS * MS_NS;
    int64_t busy_ns = p->ping_mono_ns + PEERING_PING_BUSY_MS * MS_NS;
    return earlier_ns(dead_ns, earlier_ns(silent_ns, busy_ns));
}

enum peering_event peering_tick(struct peering *p, struct instant now)
{
    if (now.mono_ns < peering_deadline(p))
        return PEERING_NOTHING;
    if (p->state != PEERING_LINKED)
        return end(p, "no handshake within 2 s");
    if (p->observer)
        return end(p, "an observer has 10 s");
    if (now.mono_ns >= p->proof.until_ns)
        return end(p, PROOF_LATE);
    if (now.mono_ns >= p->heard_ns + PEERING_DEAD_MS * MS_NS)
        return end(p, "no byte for 10 s");
    p->ping_due = true;
    return PEERING_NOTHING;
}
