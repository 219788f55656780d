/* log.h — events as lines of key=value, for operators to read and programs to parse.
 *
 *     2026-11-23T10:15:00.123456Z info node=Goloman link_up peer=Hands dialled_by=Goloman
 *
 * Lines are written to a bounded buffer that the driver empties (io/log_sink). A line that does not
 * fit is dropped whole and counted, so a slow disk never holds up the node. Values are quoted where
 * needed, and escaped as in escape.h: no text from outside can forge a line, control the operator's
 * terminal, or look like another text. Keys and event names come from
 * this program only. Called by node, places and the driver. */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include "core/base/buf.h"
#include "core/base/instant.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    enum log_level level; /* events above this level are not written */
    struct span node; /* the node's name, written on each line; empty: left out */
    struct buf pending; /* complete lines that wait for the driver, then the one being written */
    size_t line_start; /* where the line being written begins in `pending` */
    bool open; /* between log_begin and log_end of a line that is written */
    uint64_t dropped; /* lines dropped since the last one that fitted */
};

/* memory: lent by the caller for as long as the log is used. */
void log_init(struct log *l, enum log_level level, struct span node, char *memory, size_t bytes);

static inline bool log_on(const struct log *l, enum log_level level)
{
    return level <= l->level;
}

/* Write a line: log_begin, any number of fields, log_end. When `level` is off, none of them does
 * anything. */
void log_begin(struct log *l, enum log_level level, const char *event, struct instant now);
void log_text(struct log *l, const char *key, struct span value);
void log_number(struct log *l, const char *key, int64_t value);
void log_end(struct log *l);

/* The driver has written the first `bytes` of `pending`: remove them. */
void log_taken(struct log *l, size_t bytes);

/* `error`, `warn`, `info`, `debug`. */
const char *log_level_word(enum log_level level);

/* Write real_ns as 2026-11-23T10:15:00.123456Z: 27 bytes. */
void log_time_put(struct buf *out, int64_t real_ns);

#endif
