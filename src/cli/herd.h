/* herd.h — the herd that -c names: its topology.conf, checked, and its secret. */
#ifndef CLI_HERD_H
#define CLI_HERD_H

#include "cli/options.h"
#include "core/topology/topology.h"
#include "files/secret.h"
#include "files/tls_files.h"

struct herd {
    struct topology topology;
    struct span secret; /* of secret_text; empty: none */
    char secret_text[SECRET_BYTES_MAX];
    const struct tls_config *tls; /* of tls_files; NULL: links are plain, or nobody speaks yet */
    struct tls_files tls_files;
};

/* false: what is wrong has been said. Else herd_close it. */
MUST_USE bool herd_open(struct herd *h, const struct options *o);
void herd_close(struct herd *h);

/* Read what is needed to speak on links, as node `self`, or as an observer, with the certificate of
 * any node whose key lies here. Nothing when links are plain. false: it was said why. */
MUST_USE bool herd_speaks_as(struct herd *h, const struct options *o, unsigned self);
MUST_USE bool herd_observes(struct herd *h, const struct options *o);

/* The place of the node called `name`; -1: there is none, and it has been said. */
int herd_node(const struct topology *t, const struct options *o, const char *name);

#endif
