/* news.h — what a node says to a client that watches or asks what is near, line by line
 * (PROTOCOL.md, "Live queries"). Lines are not trusted. */
#ifndef CLI_NEWS_H
#define CLI_NEWS_H

#include "core/protocol/stamp.h"

enum news_kind {
    NEWS_NOW,
    NEWS_IN,
    NEWS_ENTER,
    NEWS_MOVE,
    NEWS_EXIT,
    NEWS_GONE,
    NEWS_FULL,
    NEWS_WATCHING, /* a reply */
    NEWS_REFUSED, /* a reply: `? ` and the line */
    NEWS_OTHER,
    NEWS_NONE = NEWS_OTHER /* nothing is to be shown: shown.h */
};

struct news {
    enum news_kind kind;
    struct span number; /* of the watch; of WATCHING and `!` lines */
    struct span id; /* of GONE, and where there is a stamp; else empty */
    struct span at; /* NOW to EXIT: the AT line, and */
    struct stamp stamp; /* what it says */
};

/* Views of the line. */
void news_read(struct span line, struct news *out);

/* The word of NEWS_NOW to NEWS_GONE. */
struct span news_word(enum news_kind kind);

/* A line of the reply to NEAR behind its first: `<distance-km> AT …`. false: it is none. */
MUST_USE bool news_found(struct span line, struct span *distance, struct stamp *stamp);

/* Whether `line` begins a reply to NEAR, and how many stamps it has. */
MUST_USE bool news_near(struct span line, uint64_t *found);

#endif
