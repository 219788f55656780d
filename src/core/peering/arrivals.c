/* arrivals.c — see arrivals.h.
 *
 * Holds always: a stamp is put before the line that it came in is gone, and is known to the node's
 * spare links from then on, whether it was stored or not, unless it was refused and makes the link
 * incomplete. All bytes are the other side's: none is
 * taken on trust. */
#include "core/peering/arrivals.h"
#include "core/base/histogram.h"
#include "core/base/invariant.h"
#include "core/peering/spare_links.h"
#include "core/peering/twin.h"
#include "core/protocol/command.h"

static void prefetch(
    const struct arrivals *a, const struct store *store, uint64_t hashes[PEERING_GROUP])
{
    uint32_t likely[PEERING_GROUP];
    for (unsigned i = 0; i < a->count; i++) {
        hashes[i] = store_hash(store, a->stamps[i].id);
        store_prefetch_table(store, hashes[i]);
    }
    for (unsigned i = 0; i < a->count; i++)
        likely[i] = store_prefetch_record(store, hashes[i]);
    for (unsigned i = 0; i < a->count; i++)
        store_prefetch_feed(store, likely[i]);
}

static int64_t age_ns(
    const struct arrivals *a, const struct link_state *link, const struct stamp *stamp)
{
    int64_t now_ns = a->latest_ns - link->node->ahead_ns, age_ns;
    if (__builtin_sub_overflow(now_ns, stamp->time_ns + stamp->skew_ns, &age_ns))
        return INT64_MAX;
    return age_ns;
}

bool arrivals_put(struct arrivals *a, struct lease *l, struct link_state *link)
{
    struct store *store = link->node->store;
    struct spare_links *spare = link->node->spare_links;
    struct peer *peer = link->peer;
    uint64_t hashes[PEERING_GROUP], noted[PEERING_GROUP];
    unsigned count = a->count, put = 0, notes = 0;
    ASSERT(count > 0 && count <= PEERING_GROUP);
    prefetch(a, store, hashes);
    for (; put < count; put++) {
        const struct stamp *stamp = &a->stamps[put];
        enum store_verdict verdict = store_put(store, stamp, hashes[put], a->routes[put]);
        if (verdict == STORE_STARVED)
            break;
        if (verdict == STORE_UNKNOWN) {
            refused_origin(link, stamp);
            continue;
        }
        if (spare) {
            noted[notes] = verdict == STORE_NEW ? store_last_hash(store) : stamp_hash(stamp);
            recent_prefetch(&spare->recent, noted[notes++]);
        }
        peer->new_stamps += verdict == STORE_NEW;
        if (verdict == STORE_NEW && link->node->ages)
            histogram_add(link->node->ages, age_ns(a, link, stamp), 1);
        peer->lost_stamps += verdict == STORE_FULL;
        peer->news |= verdict == STORE_FULL;
        if (verdict == STORE_NEW && twin_said(link->node, stamp)) {
            peer->twin_stamps++;
            peer->news = true;
        }
    }
    if (peer != &link->node->peers[peer->number])
        twin_told(link->node, peer);
    for (unsigned i = 0; i < notes; i++)
        lease_note(l, link, noted[i]);
    a->count = 0;
    ASSERT(peer->new_stamps + peer_refused(peer) <= peer->got_stamps);
    return put == count;
}

static bool is_ahead(const struct arrivals *a, const struct stamp *stamp)
{
    return stamp->time_ns + stamp->skew_ns > a->latest_ns;
}

/* false: it is in order. */
static bool refuse(
    const struct arrivals *a, struct lease *l, struct link_state *link, const struct stamp *stamp)
{
    if (stamp_is_of_future(stamp, link->node->future_ns)) {
        link->peer->future_stamps++;
        link->peer->news = true;
        if (link->node->spare_links) /* a peer that notices it need not send it again */
            lease_note(l, link, stamp_hash(stamp));
        return true;
    }
    if (!is_ahead(a, stamp))
        return false;
    refused_ahead(link, stamp);
    return true;
}

const char *arrivals_add(
    struct arrivals *a, struct lease *l, struct link_state *link, struct span line)
{
    ASSERT(a->count < PEERING_GROUP);
    struct peer *peer = link->peer;
    struct span fields[6];
    struct stamp *stamp = &a->stamps[a->count];
    static const char lacking[] = "AT that lacks a field, or holds a control byte";
    if (!command_cut(line, fields, 6, ' ') && command_split(line, fields, 6) != 7)
        return lacking;
    if (!stamp_parse(fields, stamp) || stamp->time.len > STAMPEDE_LINE_BYTES_MAX)
        return "AT with a bad field";
    const char *names = fields[5].at + fields[5].len + 1;
    struct span list = {names, (size_t)(line.at + line.len - names)};
    if (!route_number(link->node->routes, list, peer->number, &a->routes[a->count]))
        return command_split(line, fields, 6) != 7
                   ? lacking
                   : "AT whose list is not one that its sender ends";
    peer->got_stamps++;
    bool odd = stamp->skew_ns < 0 || is_ahead(a, stamp);
    if (!odd || !refuse(a, l, link, stamp))
        a->count++;
    return NULL;
}
