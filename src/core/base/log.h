/* log.h — events as lines of key=value, for an operator to read and a program to parse.
 *
 *     2026-11-23T10:15:00.123456Z info node=Goloman link_up peer=Hands dialled_by=Goloman
 *
 * Written into a bounded buffer that the driver empties (io/log_sink); what does not fit is dropped
 * whole and counted, so a slow disk never holds up the node. Values are quoted where they need it,
 * and every byte that is not of a visible UTF-8 character is escaped (\xNN): nobody can forge a
 * line, nor speak to the operator's terminal. Keys and event names are ours. Called by node; the
 * sink belongs to io. */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include "core/base/buf.h"
#include "core/base/instant.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    enum log_level level; /* the most talkative one that is written */
    struct span node; /* the node's name, on every line; empty: left out */
    struct buf pending; /* whole lines that wait for the sink */
    size_t line_start; /* of the line being written */
    bool open; /* between log_begin and log_end */
    uint64_t dropped; /* lines that found no room since the last one that did */
};

/* memory: the caller's, for the log's life. */
void log_init(struct log *l, enum log_level level, struct span node, char *memory, size_t bytes);

static inline bool log_on(const struct log *l, enum log_level level)
{
    return level <= l->level;
}

/* A line: begin, any number of fields, end. When `level` is not on, all three do nothing. */
void log_begin(struct log *l, enum log_level level, const char *event, struct instant now);
void log_text(struct log *l, const char *key, struct span value);
void log_number(struct log *l, const char *key, int64_t value);
void log_end(struct log *l);

/* The sink has taken the first `bytes` of pending. */
void log_taken(struct log *l, size_t bytes);

/* `error`, `warn`, `info`, `debug`. */
const char *log_level_word(enum log_level level);

/* real_ns as 2026-11-23T10:15:00.123456Z: 27 bytes. */
void log_time_put(struct buf *out, int64_t real_ns);

#endif
