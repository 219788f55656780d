/* test_log_sink.c — what the sink makes of the answers to its writes. Whether lines arrive in
 * files and on standard error is tested in test_loop.c. */
#include "io/log_sink.h"
#include <criterion/criterion.h>
#include <errno.h>

static struct log lines;
static struct log_sink sink;
static char memory[4096];
static const struct instant start = {
    .mono_ns = 1000 * SECOND_NS, .real_ns = 1700000000 * SECOND_NS};

static struct instant after_ms(int64_t ms)
{
    return (struct instant){start.mono_ns + ms * MS_NS, start.real_ns + ms * MS_NS};
}

static void create(void)
{
    log_init(&lines, LOG_INFO, SPAN(""), memory, sizeof memory);
    sink = (struct log_sink){.log = &lines, .path = "", .fd = 2};
    log_begin(&lines, LOG_INFO, "event", start);
    log_end(&lines);
}

TestSuite(log_sink, .init = create);

static void answer(int32_t result, int64_t at_ms)
{
    sink.writing = true;
    log_sink_completed(&sink, &(struct ring_event){.result = result}, after_ms(at_ms));
    cr_expect_not(sink.writing);
}

static bool pending_has(const char *text)
{
    struct span pending = buf_span(&lines.pending);
    return memmem(pending.at, pending.len, text, strlen(text)) != NULL;
}

Test(log_sink, what_was_written_is_no_longer_pending)
{
    size_t len = lines.pending.len;
    cr_expect_not(log_sink_idle(&sink));
    cr_expect_eq(log_sink_deadline(&sink), 0);
    answer(5, 0);
    cr_expect_eq(lines.pending.len, len - 5);
    answer((int32_t)len - 5, 1);
    cr_expect_eq(lines.pending.len, 0);
    cr_expect(log_sink_idle(&sink));
    cr_expect_eq(log_sink_deadline(&sink), NEVER_NS);
}

Test(log_sink, rests_after_each_failure_and_says_for_how_long_it_failed)
{
    size_t len = lines.pending.len;
    for (int64_t at_ms = 0; at_ms <= 3500; at_ms += 700) {
        answer(at_ms == 3500 ? -ENOSPC : -EIO, at_ms);
        cr_expect_eq(log_sink_deadline(&sink), after_ms(at_ms + LOG_SINK_REST_MS).mono_ns);
        cr_expect_eq(lines.pending.len, len);
        cr_expect(log_sink_idle(&sink), "nothing can be done for now");
        log_sink_settle(&sink, after_ms(at_ms + LOG_SINK_REST_MS - 1)); /* without a ring */
        cr_expect_not(sink.writing);
    }
    answer((int32_t)len, 4200);
    cr_expect(pending_has("log_works_again "));
    cr_expect(pending_has(" failed_s=4\n"));
    cr_expect(pending_has("the disk is full"), "of several reasons, the last");
    cr_expect_not(log_sink_idle(&sink));
    answer((int32_t)lines.pending.len, 4201);
    cr_expect(log_sink_idle(&sink), "said once");
}
