/* say.c — see say.h. */
#include "core/journal/say.h"

static void say(struct log *log, enum log_level level, const char *event, const char *file,
    const char *why, const char *means, struct instant now)
{
    log_begin(log, level, event, now);
    log_text(log, "file", span_of(file));
    log_text(log, "why", span_of(why));
    log_text(log, "means", span_of(means));
    log_end(log);
}

void say_full(struct log *log, const char *file, const char *why, struct instant now)
{
    say(log, LOG_ERROR, "journal_full", file, why,
        "stamps are not kept until there is room again", now);
}

void say_broken(struct log *log, const char *file, const char *why, struct instant now)
{
    say(log, LOG_ERROR, "journal_broken", file, why,
        "stamps are not kept until all of them could be written to a new file", now);
}

void say_works_again(struct log *log, int64_t failed_ns, struct instant now)
{
    log_begin(log, LOG_WARN, "journal_works_again", now);
    log_number(log, "failed_s", failed_ns / SECOND_NS);
    log_end(log);
}

void say_base(
    struct log *log, const char *file, uint64_t stamps, uint64_t bytes, struct instant now)
{
    log_begin(log, LOG_INFO, "journal_base", now);
    log_text(log, "file", span_of(file));
    log_number(log, "stamps", (int64_t)stamps);
    log_number(log, "bytes", (int64_t)bytes);
    log_end(log);
}

void say_base_failed(struct log *log, const char *why, struct instant now)
{
    log_begin(log, LOG_WARN, "journal_base_failed", now);
    log_text(log, "why", span_of(why));
    log_text(log, "means", SPAN("the log grows until one could be written"));
    log_end(log);
}
