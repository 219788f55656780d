/* web.h — what a node's HTTP port answers, and to whom.
 *
 * Judges a request: which page it is for, or why it is refused. The pages themselves are made by
 * the node, which has what they show. Who may ask:
 *
 *   Host is no address, not localhost, and no host of topology.conf     421: a web page in a
 *       browser cannot read a node under a name of its own (DNS rebinding)
 *   topology.conf has a token_file, and no right token is shown         401, except for /health and
 *       /ready, which load balancers ask and which say nothing about clients
 *
 * PROTOCOL.md, "HTTP port". Called by node. */
#ifndef CORE_WEB_WEB_H
#define CORE_WEB_WEB_H

#include "core/http/server.h"
#include "core/protocol/auth.h"
#include "core/topology/topology.h"

enum web_page { WEB_REFUSED, WEB_HEALTH, WEB_READY, WEB_METRICS, WEB_STATUS };

struct web_rules {
    const struct topology *topology;
    const struct secrets *tokens; /* one of which has to be shown; none: no token is needed */
};

struct web_verdict {
    enum web_page page;
    unsigned status; /* 200; WEB_REFUSED: with which status, and these: */
    const char *words; /* a sentence for whoever asks, with nothing of the request in it */
    const char *allow; /* as in http_outgoing */
    bool asks_token; /* likewise */
};

/* Judge a request that is DONE, or FAILED. */
struct web_verdict web_judge(const struct web_rules *rules, const struct http_incoming *request);

#endif
