/* dump_file.c — see dump_file.h. */
#include "cli/dump_file.h"
#include "core/base/decimal.h"
#include "core/base/log.h"
#include "core/protocol/command.h"
#include "core/protocol/hello.h"
#include <inttypes.h>
#include <stdio.h>

#define HEAD "# stampede-dump "
#define END "# stampede-dump-end "
#define CUT "# stampede-dump-cut "

enum { WORDS_MAX = 8 };

static bool begins(struct span line, struct span word)
{
    return line.len >= word.len && memcmp(line.at, word.at, word.len) == 0;
}

const char *dump_file_stamp(struct span line, struct stamp *out)
{
    struct span fields[6];
    int count = command_split(line, fields, 6);
    if (count < 0)
        return "it holds a control character";
    if (count != 6 || !span_equal(fields[0], SPAN("AT")))
        return "it is not AT, origin, skew, client id, position and time";
    if (!stamp_parse(fields, out) || out->time.len > STAMPEDE_LINE_BYTES_MAX)
        return "a field of it is not valid";
    return NULL;
}

/* -- what the node says ------------------------------------------------------------------------ */

bool dump_head_parse(struct span line, struct dump_head *out)
{
    struct span words[WORDS_MAX];
    int count = command_split(line, words, WORDS_MAX);
    if (count < 3 || count > 4 || !span_equal(words[0], SPAN("DUMPING")))
        return false;
    out->partial = count == 4 && span_equal(words[3], SPAN("partial"));
    return decimal_count(words[1], UINT64_MAX, &out->change) &&
           decimal_count(words[2], UINT64_MAX, &out->stamps);
}

bool dump_end_parse(struct span line, struct dump_end *out)
{
    struct span words[WORDS_MAX];
    return command_split(line, words, WORDS_MAX) == 6 && span_equal(words[0], SPAN("DUMPED")) &&
           decimal_count(words[1], UINT64_MAX, &out->change) &&
           decimal_count(words[2], UINT64_MAX, &out->lines) && hello_hex64(words[3], &out->sum) &&
           decimal_count(words[4], UINT64_MAX, &out->stamps) &&
           hello_hex64(words[5], &out->digest);
}

/* -- comments ---------------------------------------------------------------------------------- */

static void put_number(struct buf *out, const char *key, uint64_t value)
{
    buf_text(out, key);
    buf_u64(out, value);
}

void dump_head_put(struct buf *out, const struct dump_head *head, const char *node,
    const char *herd, int64_t real_ns)
{
    buf_text(out, HEAD "node=");
    buf_text(out, node);
    buf_text(out, " herd=");
    buf_text(out, herd);
    put_number(out, " change=", head->change);
    put_number(out, " stamps=", head->stamps);
    buf_text(out, " time=");
    log_time_put(out, real_ns);
    if (head->partial)
        buf_text(out, " partial");
    buf_byte(out, '\n');
}

void dump_end_put(struct buf *out, const struct dump_end *end)
{
    put_number(out, END "change=", end->change);
    put_number(out, " lines=", end->lines);
    buf_text(out, " sum=");
    buf_hex(out, end->sum, 16);
    put_number(out, " stamps=", end->stamps);
    buf_text(out, " digest=");
    buf_hex(out, end->digest, 16);
    buf_byte(out, '\n');
}

void dump_cut_put(struct buf *out, uint64_t lines, const char *why)
{
    put_number(out, CUT "lines=", lines);
    buf_text(out, " NOT WHOLE: ");
    buf_text(out, why);
    buf_byte(out, '\n');
}

/* -- whether it is whole ----------------------------------------------------------------------- */

static struct span value_of(struct span line, struct span key)
{
    struct span words[WORDS_MAX];
    int count = command_split(line, words, WORDS_MAX);
    for (int i = 0; i < count && i < WORDS_MAX; i++)
        if (begins(words[i], key))
            return span_from(words[i], key.len);
    return SPAN("");
}

static const char *judge(struct dump_check *c, struct span line)
{
    uint64_t lines, sum;
    bool was_open = c->open;
    c->open = false;
    if (!was_open)
        return "the beginning of this dump is missing";
    if (!decimal_count(value_of(line, SPAN("lines=")), UINT64_MAX, &lines) ||
        !hello_hex64(value_of(line, SPAN("sum=")), &sum))
        return "the end of this dump cannot be read";
    if (lines != c->lines) {
        snprintf(c->why, sizeof c->why,
            "this dump is not whole: it had %" PRIu64 " stamps, and %" PRIu64 " were found", lines,
            c->lines);
        return c->why;
    }
    return sum == c->sum ? NULL : "this dump has changed since it was written: its sum is another";
}

const char *dump_check_comment(struct dump_check *c, struct span line)
{
    if (begins(line, SPAN(HEAD))) {
        bool was_open = c->open;
        *c = (struct dump_check){.open = true};
        return was_open ? "the dump before this line is not whole: its end is missing" : NULL;
    }
    if (begins(line, SPAN(END)))
        return judge(c, line);
    if (!begins(line, SPAN(CUT)))
        return NULL;
    c->open = false;
    return "this dump is not whole: whoever wrote it could not finish it";
}

void dump_check_stamp(struct dump_check *c, const struct stamp *stamp)
{
    if (!c->open)
        return;
    c->lines++;
    c->sum += stamp_hash(stamp);
}

const char *dump_check_end(struct dump_check *c)
{
    bool was_open = c->open;
    c->open = false;
    return was_open ? "this dump is not whole: its end is missing" : NULL;
}
