/* stream.h — lines to and from a node's peer port, after the handshake of an observer: for `dump`
 * and `load` (PROTOCOL.md, "Dumps and loads").
 *
 * ask.h makes the connection and says DUMP or LOAD; from there on lines go through two bounded
 * windows. Whoever waits does so in stream_wait alone, so a pause of the node, of the network or of
 * another file is seen, and Ctrl-C ends it. */
#ifndef CLI_STREAM_H
#define CLI_STREAM_H

#include "cli/ask.h"
#include "cli/herd.h"

enum {
    STREAM_WINDOW_BYTES = 256 << 10,
    STREAM_SEALED_BYTES = 32 << 10,
    STREAM_OPEN_MS = 5000, /* for connection and handshake */
};

struct stream {
    struct ask ask;
    const char *name; /* the node's */
    bool over; /* nothing comes or goes any more; `why` says so */
    char why[ASK_WHY_BYTES_MAX + 1]; /* printable; what the node has done: "closed the ..." */
    char *in, *out; /* STREAM_WINDOW_BYTES each */
    size_t in_start, in_len, out_len;
    char sealed[STREAM_SEALED_BYTES]; /* what TLS has not taken yet: */
    size_t sealed_start, sealed_len;
};

/* Set by Ctrl-C, from stream_catch_interrupt on; then stream_wait returns at once. */
extern volatile int stream_interrupted;
void stream_catch_interrupt(void);

/* Connect to a node, prove that this is an observer of the herd, and say `question`.
 *
 * false: a message was written. Otherwise end it with stream_end. */
MUST_USE bool stream_open(
    struct stream *s, const struct herd *herd, unsigned node, struct span question);
void stream_end(struct stream *s);

/* The next line that has come, without LF; valid until stream_wait. false: none for now, or the
 * stream is over. BYE makes it over. */
MUST_USE bool stream_line(struct stream *s, struct span *line);

/* Where lines to be said may be written, behind each other: out->len counts. Hand it back with
 * stream_said. */
struct buf stream_room(struct stream *s);
void stream_said(struct stream *s, struct buf out);

/* Send and receive what can be. If nothing can be, wait for it, or until `fd` (-1: none) can be
 * read, for `wait_ms` at most.
 * true: `fd` can be read. */
bool stream_wait(struct stream *s, int fd, int wait_ms);

#endif
