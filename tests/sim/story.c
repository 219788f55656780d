/* story.c — see story.h. Criterion's assertions end the test, so these functions return only on
 * success. */
#include "sim/story.h"
#include "sim/tls_fixture.h"
#include "unit/secrets.h"
#include <criterion/criterion.h>
#include <inttypes.h>

enum { LINKED_MS = 800, CUT_SEEN_MS = 5, NODES_MAX = 64 };

static struct herd h;
static bool old[TOPOLOGY_NODES_MAX];
static struct {
    struct topology_node nodes[NODES_MAX];
    struct topology_retired retired[1];
} files[NODES_MAX]; /* of those that differ from the herd's */
static struct tally *before; /* the tallies when counting began; nodes x nodes */
static uint64_t *heard_before; /* replies, by node, and questions: when last expected */
static uint64_t asked_before;

static struct host *host_at(unsigned node)
{
    cr_assert_lt(node, h.hosts_count);
    return &h.hosts[node];
}

static const char *name_of(unsigned node)
{
    return host_at(node)->topology.nodes[host_at(node)->self].name;
}

void counts_anew(void)
{
    for (unsigned a = 0; a < h.hosts_count; a++)
        memcpy(before + a * h.hosts_count, h.hosts[a].said, h.hosts_count * sizeof *before);
}

/* -- the beginning ----------------------------------------------------------------------------- */

static void create(const struct herd_plan *plan)
{
    herd_create(&h, plan);
    cr_assert_leq(h.hosts_count, (unsigned)NODES_MAX);
    before = calloc((size_t)h.hosts_count * h.hosts_count, sizeof *before);
    heard_before = calloc(h.hosts_count, sizeof *heard_before);
    cr_assert_not_null(heard_before);
    asked_before = 0;
    cr_assert_not_null(before);
}

static void start_all(void)
{
    herd_start(&h);
    runs_ms(LINKED_MS);
    all_linked();
    counts_anew();
}

void herd_asleep(unsigned count, enum shape shape)
{
    create(&(struct herd_plan){.shape = shape, .nodes = count, .seed = count, .clients = count});
}

void herd_of(unsigned count, enum shape shape)
{
    create(&(struct herd_plan){.shape = shape, .nodes = count, .seed = count, .clients = count});
    start_all();
}

void herd_with_twin(unsigned count, enum shape shape)
{
    create(&(struct herd_plan){
        .shape = shape, .nodes = count, .seed = count, .clients = count + 1, .twin = true});
    start_all();
}

unsigned twin(void)
{
    cr_assert_lt(h.topology.nodes_count, h.hosts_count);
    return h.topology.nodes_count;
}

void herd(enum shape shape)
{
    herd_of(5, shape);
}

void herd_with_tls(enum shape shape)
{
    create(&(struct herd_plan){.shape = shape, .nodes = 5, .seed = 5, .clients = 5, .tls = true});
    start_all();
}

void herd_with_operator(enum shape shape)
{
    create(&(struct herd_plan){.shape = shape,
        .nodes = 5,
        .seed = 5,
        .clients = 5,
        .secret = true,
        .operator = true});
    start_all();
}

struct operator *operator_of_herd(void)
{
    cr_assert_not_null(h.operator);
    return h.operator;
}

void herd_with_service(enum shape shape)
{
    create(&(struct herd_plan){
        .shape = shape, .nodes = 5, .seed = 5, .clients = 5, .service = SERVICE_STEADY});
    start_all();
}

void herd_with_secret(enum shape shape, const char *secret)
{
    struct secrets secrets = secrets_of(secret);
    create(
        &(struct herd_plan){.shape = shape, .nodes = 5, .seed = 5, .clients = 5, .secret = true});
    for (unsigned i = 0; i < h.topology.nodes_count; i++)
        h.hosts[i].secrets = secrets;
    start_all();
}

struct host *host_of(unsigned node)
{
    return host_at(node);
}

struct client *client_of(unsigned node)
{
    cr_assert_lt(node, h.clients_count);
    return &h.clients[node];
}

void story_ends(void)
{
    if (!h.hosts)
        return;
    herd_destroy(&h);
    free(before);
    free(heard_before);
    memset(&h, 0, sizeof h);
    memset(old, 0, sizeof old);
}

/* -- old nodes --------------------------------------------------------------------------------- */

/* The core says and hears HELLO by these; they take from it what an old node does not know. */
void __real_hello_put(struct buf *out, const struct hello *in);
const char *__real_hello_parse(struct span line, struct hello *out);
bool __real_link_state_peer_stops(struct link_state *l, uint64_t change, struct instant now);
void __wrap_hello_put(struct buf *out, const struct hello *in);
const char *__wrap_hello_parse(struct span line, struct hello *out);
bool __wrap_link_state_peer_stops(struct link_state *l, uint64_t change, struct instant now);

void is_old(unsigned node)
{
    cr_assert_null(host_at(node)->node);
    old[node] = true;
}

static bool names_old(struct span name)
{
    for (unsigned i = 0; i < h.topology.nodes_count; i++)
        if (old[i] && span_equal(name, span_of(name_of(i))))
            return true;
    return false;
}

void __wrap_hello_put(struct buf *out, const struct hello *in)
{
    struct hello said = *in;
    if (names_old(in->from)) {
        said.stop = false;
        said.started = said.topology = 0;
    }
    __real_hello_put(out, &said);
}

const char *__wrap_hello_parse(struct span line, struct hello *out)
{
    const char *wrong = __real_hello_parse(line, out);
    if (!wrong && names_old(out->to)) {
        out->stop = false;
        out->started = out->topology = 0;
    }
    return wrong;
}

bool __wrap_link_state_peer_stops(struct link_state *l, uint64_t change, struct instant now)
{
    cr_assert_not(names_old(l->node->name), "violated: an old node is told STOPPING");
    return __real_link_state_peer_stops(l, change, now);
}

/* -- what happens ------------------------------------------------------------------------------ */

void runs_ns(int64_t ns)
{
    cr_assert(herd_run_ns(&h, ns), "violated: %s", h.judge.verdict);
}

void runs_ms(int64_t ms)
{
    runs_ns(ms * MS_NS);
}

void says(unsigned node, const char *text)
{
    struct client *c = &h.clients[node];
    if (c->state == CLIENT_AWAY)
        client_join(c, host_at(node));
    client_say(c, text);
}

void visits(unsigned whose, unsigned node)
{
    struct client *c = &h.clients[whose];
    cr_assert_eq(c->state, CLIENT_AWAY, "it is with its own node already");
    client_join(c, host_at(node));
}

void says_without_lf(unsigned node, const char *text)
{
    struct client *c = &h.clients[node];
    if (c->state == CLIENT_AWAY)
        client_join(c, host_at(node));
    client_say_without_lf(c, text);
}

void types(unsigned node, const char *first, const char *then, const char *last)
{
    char line[128];
    snprintf(line, sizeof line, "%s%s%s", first, then, last);
    says(node, line);
    client_hold_back(&h.clients[node], strlen(then) + strlen(last) + 1);
    runs_ms(500);
    client_hold_back(&h.clients[node], strlen(last) + 1);
    runs_ms(1500);
    client_hold_back(&h.clients[node], 0);
    runs_ms(500);
}

void says_many(unsigned node, unsigned ids, unsigned first_time, unsigned times)
{
    char text[64];
    for (unsigned time = first_time; time < first_time + times; time++)
        for (unsigned id = 0; id < ids; id++) {
            snprintf(text, sizeof text, "IAMAT id%u +1+1 %u", id, time);
            says(node, text);
        }
}

void finishes(unsigned node)
{
    client_leave(&h.clients[node], false);
}

void starts(unsigned node)
{
    host_start(host_at(node));
    counts_anew();
}

void has_name(unsigned node)
{
    directory_give(&h.directory, &h.topology, node);
}

void moves(unsigned node)
{
    cr_assert(is_down(node) && directory_has(&h.topology, node));
    directory_move(&h.directory, node);
}

void name_is_lost(unsigned node, bool lost)
{
    h.directory.lost[node] = lost;
}

void twin_starts(unsigned node)
{
    herd_start_twin(&h, node);
    counts_anew();
}

void who_leaves_restarts(void)
{
    h.restarts = true;
}

void dies(unsigned node)
{
    host_kill(host_at(node), DEATH_OF_PROCESS);
}

void takes_tls(unsigned node, bool also_secret)
{
    struct host *host = host_at(node);
    host->tls = tls_fixture();
    host->topology.tls_also_secret = also_secret;
    if (!also_secret)
        host->secrets.count = 0;
}

void knows_operators(unsigned node, const char *pattern)
{
    strcpy(host_at(node)->topology.tls_operators, pattern);
}

void takes_no_tls(unsigned node)
{
    host_at(node)->tls = NULL;
    host_at(node)->topology.tls_also_secret = false;
}

void changes_secrets(unsigned node, const char *to)
{
    struct secrets secrets = secrets_of(to);
    host_changes_secrets(host_at(node), &secrets);
}

void secrets_may_part(void)
{
    h.judge.parts = true;
}

void is_told_to_stop(unsigned node)
{
    host_stop(host_at(node));
}

void is_told_to_stop_too_early(void)
{
    path_takes_ms(Goloman, Hands, 60);
    path_takes_ms(Goloman, Holiday, 80);
    path_takes_ms(Goloman, Wilkes, 100);
    says_many(Goloman, 200, 1, 1);
    runs_ms(20);
    is_told_to_stop(Goloman);
}

void stops(unsigned node)
{
    host_pause(host_at(node), true);
}

void goes_on(unsigned node)
{
    host_pause(host_at(node), false);
}

void starves(unsigned node)
{
    host_starve(host_at(node), 1, 0);
}

void is_fed(unsigned node)
{
    host_starve(host_at(node), 0, 0);
}

void clock_is_set(unsigned node, int64_t ahead_ms)
{
    host_set_clock(host_at(node), ahead_ms * MS_NS);
}

void cut_from(unsigned from, unsigned to, enum cut how)
{
    network_cut_side(&h.network, from, to, how, from < to ? CUT_FROM_LOWER : CUT_FROM_HIGHER);
    counts_anew();
}

void cut_so(unsigned a, unsigned b, enum cut how)
{
    network_cut(&h.network, a, b, how);
    counts_anew();
}

void cut(unsigned a, unsigned b)
{
    cut_so(a, b, CUT_RESET);
    runs_ms(CUT_SEEN_MS);
    counts_anew();
}

void breaks(unsigned a, unsigned b, enum cut how)
{
    network_break(&h.network, a, b, how);
    counts_anew();
}

void heals(unsigned a, unsigned b)
{
    network_heal(&h.network, a, b);
    counts_anew();
}

void path_takes_ms(unsigned a, unsigned b, int64_t ms)
{
    network_path(&h.network, a, b)->delay_ns = ms * MS_NS;
}

void windows_hold(size_t bytes)
{
    h.network.window_min = h.network.window_max = bytes;
}

void limits_stamps(unsigned node, uint64_t stamps, bool evicts)
{
    host_at(node)->topology.limits.stamps = stamps;
    host_at(node)->topology.limits.stamps_evict = evicts;
    h.judge.forgetful = true;
}

/* A copy of its own, which lasts as long as the story. */
static struct topology *file_of(unsigned node)
{
    struct topology *t = &host_at(node)->topology;
    if (t->nodes != h.topology.nodes)
        return t;
    t->nodes = files[node].nodes;
    memcpy(t->nodes, h.topology.nodes, t->nodes_count * sizeof *t->nodes);
    t->retired = files[node].retired;
    return t;
}

/* The shape stays as it is: a node of another name is where it was. */
void file_lacks(unsigned node, unsigned other)
{
    struct topology_node *gone = &file_of(node)->nodes[other];
    snprintf(gone->name, sizeof gone->name, "Newcomer");
}

void file_retires(unsigned node, unsigned other)
{
    struct topology *t = file_of(node);
    file_lacks(node, other);
    t->retired_count = 1;
    memcpy(t->retired[0].name, h.topology.nodes[other].name, sizeof t->retired[0].name);
}

static struct file_plan *newest_file(void)
{
    if (!h.file.nodes)
        file_plan_begin(&h.file, &h.topology);
    return &h.file;
}

void file_joins(unsigned a, unsigned b)
{
    struct file_plan *file = newest_file();
    file->edges[a][b] = file->edges[b][a] = true;
}

void file_parts(unsigned a, unsigned b)
{
    struct file_plan *file = newest_file();
    file->edges[a][b] = file->edges[b][a] = false;
}

void file_lacks_node(unsigned node, bool lacks)
{
    newest_file()->lacks[node] = lacks;
}

void file_retires_none(void)
{
    newest_file()->retires_none = true;
}

void reloads(unsigned node)
{
    bool took = host_takes_file(host_at(node), newest_file());
    cr_assert(took, "violated: %s does not reload", name_of(node));
}

void status_says(unsigned node, const char *says)
{
    cr_assert(
        herd_status_says(&h, node, says), "violated: %s does not say %s", name_of(node), says);
}

void knows_of_two(unsigned node, bool two)
{
    status_says(node, two ? "\"topologies_differ\":true" : "\"topologies_differ\":false");
}

void sends_poison(unsigned node, const char *id, const char *time)
{
    char iamat[200];
    struct command command;
    snprintf(iamat, sizeof iamat, "IAMAT %s +1-1 %s", id, time);
    command_parse(span_of(iamat), &command);
    cr_assert_eq(command.kind, COMMAND_IAMAT);
    judge_poisoned(&h.judge, node, &command);
    struct stamp stamp = {.id = command.id,
        .position = command.iamat.position_text,
        .time = command.iamat.time_text,
        .origin = span_of(name_of(node)),
        .time_ns = command.iamat.time_ns};
    struct store *store = (struct store *)node_store(host_at(node)->node);
    cr_assert_eq(store_put(store, &stamp, store_hash(store, stamp.id), ROUTE_LOCAL), STORE_NEW);
    network_wake(&h.network, node, h.network.now_ns);
}

void service_does(enum service_deed deed)
{
    service_will(h.service, deed);
}

void service_takes_ms(int64_t ms)
{
    h.service->slowest_ns = ms * MS_NS;
}

void service_accepts(bool accepts)
{
    service_listens(h.service, accepts);
}

void places_timeout_ms(unsigned node, int64_t ms)
{
    host_at(node)->topology.places.timeout_ms = (uint64_t)ms;
}

void service_resets(void)
{
    service_resets_all(h.service);
}

/* Stored as if it had come from the only neighbour, so it will not be sent there, and there is no
 * other. */
void is_tampered_with(unsigned node, const char *iamat)
{
    struct command command;
    command_parse(span_of(iamat), &command);
    cr_assert(command.kind == COMMAND_IAMAT && h.topology.nodes[node].neighbours_count == 1);
    judge_said(&h.judge, node, &command);
    struct stamp stamp = {.id = command.id,
        .position = command.iamat.position_text,
        .time = command.iamat.time_text,
        .origin = span_of(name_of(node)),
        .time_ns = command.iamat.time_ns,
        .skew_ns = EPOCH_NS + h.network.now_ns - command.iamat.time_ns};
    struct store *store = (struct store *)node_store(host_at(node)->node);
    cr_assert_eq(store_put(store, &stamp, store_hash(store, stamp.id), 1), STORE_NEW);
}

/* -- what must be so --------------------------------------------------------------------------- */

void knows(unsigned node, const char *id, const char *time)
{
    const struct issue *held = judge_held(&h.judge, node, id);
    cr_assert(held && strcmp(held->time, time) == 0, "violated: %s knows %s of %s, not %s",
        name_of(node), held ? held->time : "nothing", id, time);
}

void knows_of(unsigned node, const char *id, unsigned origin)
{
    const struct issue *held = judge_held(&h.judge, node, id);
    cr_assert(held && held->node == origin, "violated: %s knows %s by %s, not by %s", name_of(node),
        id, held ? name_of(held->node) : "nobody", name_of(origin));
}

void knows_not(unsigned node, const char *id)
{
    const struct issue *held = judge_held(&h.judge, node, id);
    cr_assert_null(held, "violated: %s knows %s of %s", name_of(node), held ? held->time : "", id);
}

void all_know(const char *id, const char *time)
{
    for (unsigned i = 0; i < h.topology.nodes_count; i++)
        knows(i, id, time);
}

void all_agree(void)
{
    char why[JUDGE_VERDICT_BYTES_MAX];
    cr_assert(herd_agrees(&h, why), "violated: %s", why);
}

void all_linked(void)
{
    char why[JUDGE_VERDICT_BYTES_MAX];
    cr_assert(herd_linked(&h, why), "violated: %s", why);
}

void linked(unsigned a, unsigned b)
{
    cr_assert(herd_thinks_linked(&h, a, b) && herd_thinks_linked(&h, b, a),
        "violated: %s and %s are not linked", name_of(a), name_of(b));
}

void not_linked(unsigned a, unsigned b)
{
    cr_assert_not(herd_thinks_linked(&h, a, b), "violated: %s still holds its link to %s",
        name_of(a), name_of(b));
}

void wires(unsigned a, unsigned b, unsigned count)
{
    unsigned found = network_wires_between(&h.network, a, b);
    cr_assert_eq(found, count, "violated: %u connections between host %u and host %u, not %u",
        found, a, b, count);
}

void by_tls(unsigned a, unsigned b, bool is)
{
    linked(a, b);
    cr_assert(herd_links_by_tls(&h, a, b) == is && herd_links_by_tls(&h, b, a) == is,
        "violated: %s and %s, TLS: not %d", name_of(a), name_of(b), is);
}

void dialled_by(unsigned dialler, unsigned other)
{
    cr_assert_eq(network_wires_between(&h.network, dialler, other), 1);
    cr_assert_eq(network_dialler(&h.network, dialler, other), dialler,
        "violated: the link of %s and %s is not the one of the first name", name_of(dialler),
        name_of(other));
}

static uint64_t messages_to(unsigned from, unsigned to)
{
    return h.hosts[from].said[to].ats - before[from * h.hosts_count + to].ats;
}

void messages_at_most(unsigned a, unsigned b, uint64_t count)
{
    uint64_t there = messages_to(a, b), back = messages_to(b, a);
    cr_assert_leq(there + back, count, "violated: %lu + %lu messages between %s and %s, not %lu",
        there, back, name_of(a), name_of(b), count);
}

void messages_between(unsigned a, unsigned b, uint64_t count)
{
    messages_at_most(a, b, count);
    uint64_t sent = messages_to(a, b) + messages_to(b, a);
    cr_assert_eq(sent, count, "violated: %lu messages between %s and %s, not %lu", sent, name_of(a),
        name_of(b), count);
}

uint64_t notices(void)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h.hosts_count; a++)
        for (unsigned b = 0; b < h.hosts_count; b++)
            sum += h.hosts[a].said[b].hashes - before[a * h.hosts_count + b].hashes;
    return sum;
}

uint64_t messages(void)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h.hosts_count; a++)
        for (unsigned b = 0; b < h.hosts_count; b++)
            sum += messages_to(a, b);
    return sum;
}

void alarms(uint64_t count)
{
    cr_assert_eq(
        herd_divergences(&h), count, "violated: %lu alarms, not %lu", herd_divergences(&h), count);
}

void thinks_clock_off(unsigned node, bool off)
{
    cr_assert_eq(herd_thinks_clock_off(&h, node), off, "violated: %s is %s about clocks",
        name_of(node), off ? "calm" : "alarmed");
}

void thinks_own_clock_wrong(unsigned node, bool wrong)
{
    cr_assert_eq(herd_status_says(&h, node, "\"clock_wrong\":true"), wrong,
        "violated: %s is %s about its own clock", name_of(node), wrong ? "calm" : "alarmed");
}

void is_incomplete(unsigned node, unsigned other, bool incomplete)
{
    cr_assert_eq(herd_thinks_incomplete(&h, node, other), incomplete,
        "violated: %s takes %s MARK of %s", name_of(node), incomplete ? "a" : "no", name_of(other));
}

void all_answered(void)
{
    for (unsigned i = 0; i < h.clients_count; i++)
        cr_assert_eq(h.clients[i].asked_count, 0, "violated: %s owes %u replies", name_of(i),
            h.clients[i].asked_count);
}

void hears(unsigned node, uint64_t replies)
{
    uint64_t heard = h.clients[node].answers - heard_before[node];
    cr_assert_eq(heard, replies, "violated: %s gave %" PRIu64 " replies, not %" PRIu64,
        name_of(node), heard, replies);
    heard_before[node] += heard;
}

void service_was_asked(uint64_t questions)
{
    uint64_t asked = h.service->asked - asked_before;
    cr_assert_eq(asked, questions,
        "violated: the service was asked %" PRIu64 " questions, not %" PRIu64, asked, questions);
    asked_before += asked;
}

void connections_to_service(unsigned node, unsigned count)
{
    unsigned wires = network_wires_between(&h.network, node, h.service->party);
    cr_assert_eq(
        wires, count, "violated: %s has %u connections to the service", name_of(node), wires);
}

uint64_t links_lost(void)
{
    return herd_links_lost(&h);
}

unsigned edges(void)
{
    return h.topology.edges_count;
}

unsigned nodes(void)
{
    return h.topology.nodes_count;
}

void has_ended(unsigned node, uint64_t unconfirmed)
{
    const struct host *host = host_at(node);
    cr_assert_null(host->node, "violated: %s still runs", name_of(node));
    cr_assert_eq(host->unconfirmed, unconfirmed, "violated: %s left %" PRIu64 " unconfirmed",
        name_of(node), host->unconfirmed);
}

void has_ended_as_twin(unsigned node)
{
    has_ended(node, 0);
    cr_assert(host_at(node)->was_twin, "violated: %s has ended otherwise", name_of(node));
}

bool is_down(unsigned node)
{
    return !host_at(node)->node;
}

void runs_still(unsigned node)
{
    cr_assert_not_null(host_at(node)->node, "violated: node %u has ended", node);
}

void runs_no_more(unsigned node)
{
    cr_assert_null(host_at(node)->node, "violated: node %u still runs", node);
}

bool has_of(unsigned node, const char *id)
{
    return judge_held(&h.judge, node, id) != NULL;
}

bool herd_has_linked(unsigned a, unsigned b)
{
    return herd_thinks_linked(&h, a, b);
}
