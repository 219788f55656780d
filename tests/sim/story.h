/* story.h — the language of the scenarios. One herd at a time; an expectation that does not come
 * true ends the test.
 *
 *     herd(shipped);  says(Welsh, "IAMAT kiwi +34-118 100.5");  runs_ms(50);
 *     cut(Holiday, Goloman);  says(Goloman, "IAMAT kiwi +1-1 101");  runs_ms(500);
 *     knows(Hands, "kiwi", "101");
 *
 * Messages are AT lines between two nodes, in both directions, since the last cut, heal, start or
 * counts_anew(). Paths take 1 to 1.5 ms unless set otherwise. */
#ifndef TESTS_SIM_STORY_H
#define TESTS_SIM_STORY_H

#include "sim/herd.h"

enum { Goloman, Hands, Holiday, Welsh, Wilkes };

/* -- setting up -------------------------------------------------------------------------------- */

void herd(enum shape shape); /* of 5 nodes; all start at once and are linked within 800 ms */
void herd_of(unsigned nodes, enum shape shape);
void herd_asleep(unsigned nodes, enum shape shape); /* no node has started yet */
void herd_with_tls(enum shape shape); /* as herd(), with certificates */
void has_name(unsigned node); /* before any node starts: its peer address is one */
void is_old(unsigned node); /* before it starts: it does not know STOPPING, as before 0.2.0 */
void herd_with_twin(unsigned nodes, enum shape shape); /* as herd_of, with a host for a twin: */
unsigned twin(void);
void herd_with_operator(enum shape shape); /* who dumps and loads */
struct operator *operator_of_herd(void);
void herd_with_service(enum shape shape); /* nodes ask a places service on the network */
void herd_with_secret(enum shape shape, const char *secret); /* as herd() */
struct host *host_of(unsigned node); /* for what these words do not say */
struct client *client_of(unsigned node);
void story_ends(void);

/* -- what happens ------------------------------------------------------------------------------ */

void runs_ms(int64_t ms);
void runs_ns(int64_t ns);
void says(unsigned node, const char *line); /* the node's only client sends it */
void visits(unsigned whose, unsigned node); /* that node's client joins this node instead */
void says_without_lf(unsigned node, const char *line); /* nothing else before its reply */
/* Pieces of one line: `then` comes 0.5 s after `first`, `last` and its LF come 1.5 s after that. */
void types(unsigned node, const char *first, const char *then, const char *last);
void says_many(unsigned node, unsigned ids, unsigned first_time, unsigned times);
void finishes(unsigned node); /* its client has said all: FIN */
void starts(unsigned node);
void twin_starts(unsigned node); /* it has a client of its own, and paths to all nodes */
void who_leaves_restarts(void); /* from now on, if no process of its name is left */
void moves(unsigned node); /* a node that is down, and has a name: it starts at another address */
void name_is_lost(unsigned node, bool lost); /* it leads nowhere */
void dies(unsigned node); /* the process; its store is lost */
/* From its next start on: TLS, or either (also_secret); without that it has no secret. */
void takes_tls(unsigned node, bool also_secret);
void knows_operators(unsigned node, const char *pattern); /* likewise: its tls.operators */
void takes_no_tls(unsigned node); /* only its secret */
/* Its file has these, as in secrets.h, and it gets SIGHUP. */
void changes_secrets(unsigned node, const char *to);
void secrets_may_part(void); /* links may end because of them from now on */
void is_told_to_stop(unsigned node); /* as by SIGTERM */
void is_told_to_stop_too_early(void); /* Goloman, with 200 stamps that no neighbour can have yet */
void stops(unsigned node); /* as by SIGSTOP: its kernel answers, it does not */
void goes_on(unsigned node);
void starves(unsigned node); /* all its allocations fail from now on */
void is_fed(unsigned node); /* its allocations work again */
void clock_is_set(unsigned node, int64_t ahead_ms);
/* From its next start on, the file of `node` does not name `other`, or retires it. */
void file_lacks(unsigned node, unsigned other);
void file_retires(unsigned node, unsigned other);
/* The newest version of topology.conf has this edge, or no longer has it; or lacks this node, which
 * is retired then, unless none is. */
void file_joins(unsigned a, unsigned b);
void file_parts(unsigned a, unsigned b);
void file_lacks_node(unsigned node, bool lacks);
void file_retires_none(void);
void reloads(unsigned node); /* its file is the newest version, and it gets SIGHUP */
/* The node has the herd's secret and the will to do harm: it sends a stamp that no client has said,
 * as one of its own. */
void sends_poison(unsigned node, const char *id, const char *time);
void cut(unsigned a, unsigned b); /* both ends notice, and new dials fail */
void cut_so(unsigned a, unsigned b, enum cut how);
void cut_from(unsigned from, unsigned to, enum cut how); /* this direction only */
void breaks(unsigned a, unsigned b, enum cut how); /* the wires; new dials work at once */
void heals(unsigned a, unsigned b);
void path_takes_ms(unsigned a, unsigned b, int64_t ms);
void windows_hold(size_t bytes); /* of connections made from now on */
void limits_stamps(unsigned node, uint64_t stamps, bool evicts); /* before it starts */
void service_does(enum service_deed deed); /* with the next question; several queue up */
void service_takes_ms(int64_t ms); /* to answer, at most */
void service_resets(void); /* all its connections */
void service_accepts(bool accepts); /* connections, or refuses them */
void places_timeout_ms(unsigned node, int64_t ms); /* of its questions from now on */
/* Put a stamp into a node's store so that no link will ever send it. */
void is_tampered_with(unsigned node, const char *iamat);

/* -- what is expected -------------------------------------------------------------------------- */

void knows(unsigned node, const char *id, const char *time);
void knows_of(unsigned node, const char *id, unsigned origin); /* the origin of the node's stamp */
void knows_not(unsigned node, const char *id);
void all_know(const char *id, const char *time);
void all_agree(void);
void all_linked(void);
void linked(unsigned a, unsigned b); /* by their status, so by name */
void wires(unsigned a, unsigned b, unsigned count); /* of this host and that one */
void not_linked(unsigned a, unsigned b);
void by_tls(unsigned a, unsigned b, bool is); /* the link is up, and whether it is TLS */
void dialled_by(unsigned dialler, unsigned other);
void messages_between(unsigned a, unsigned b, uint64_t count);
void messages_at_most(unsigned a, unsigned b, uint64_t count);
uint64_t messages(void); /* on all edges */
uint64_t notices(void); /* hashes in SEEN, as messages */
void counts_anew(void);
void alarms(uint64_t count); /* since the beginning */
void knows_of_two(unsigned node, bool two); /* topologies */
void status_says(unsigned node, const char *says);
void thinks_clock_off(unsigned node, bool off); /* of some neighbour */
void thinks_own_clock_wrong(unsigned node, bool wrong);
/* Whether `node` takes no MARK of its peer `other`, having refused stamps of it. */
void is_incomplete(unsigned node, unsigned other, bool incomplete);
void all_answered(void);
void has_ended(unsigned node, uint64_t unconfirmed); /* with so many stamps left unconfirmed */
void has_ended_as_twin(unsigned node); /* the same, with nothing unconfirmed and exit code 1 */
bool is_down(unsigned node);
void runs_still(unsigned node);
void runs_no_more(unsigned node);
bool has_of(unsigned node, const char *id); /* whether it holds a stamp of this id */
void hears(unsigned node, uint64_t replies); /* its client, since this was last expected */
void service_was_asked(uint64_t questions); /* the same, by all nodes */
void connections_to_service(unsigned node, unsigned count);
bool herd_has_linked(unsigned a, unsigned b); /* at this moment, as `a` sees it */
uint64_t links_lost(void); /* by all nodes since their starts */
unsigned edges(void);
unsigned nodes(void);

#endif
