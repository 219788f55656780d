/* protocol_herd.c — IAMAT and WHATSAT, for a node and every other server that speaks the herd's
 * protocol.
 *
 * An AT line is right if it ends with the bytes that followed the IAMAT's command word: id,
 * position, time. If another connection sent a later time for the same client first, the node
 * rightly replies with that one. Most replies are checked by two comparisons at the offsets at
 * which the last reply had its fields; only if that fails, the line is parsed. */
#include "load/protocol.h"

enum { WORD_BYTES = 5, HEAD_BYTES_MAX = 64, SKEW_DIGITS = 9, LINE_BYTES_MAX = 1024 };

const char *herd_radius_km = "10", *herd_results = "5";

/* "AT Goloman +0.000012345" of the last line that was parsed and right */
static char head[HEAD_BYTES_MAX];
static size_t head_bytes, head_fixed; /* up to and including the skew's sign */

static size_t herd_write(struct traffic *t, enum kind kind, char *out)
{
    char *at = out;
    if (kind == KIND_QUERY) {
        at = traffic_put_id(t, PUT(at, "WHATSAT "));
        at = PUT(at, " ");
        at = put(at, herd_radius_km, strlen(herd_radius_km));
        at = PUT(at, " ");
        at = put(at, herd_results, strlen(herd_results));
        return (size_t)(PUT(at, "\n") - out);
    }
    at = traffic_put_id(t, PUT(at, "IAMAT "));
    at = traffic_put_position(t, PUT(at, " "));
    at = traffic_put_time(t, PUT(at, " "));
    return (size_t)(PUT(at, "\n") - out);
}

static bool digits(struct span s)
{
    bool all = s.len > 0;
    for (size_t i = 0; i < s.len; i++)
        all &= s.at[i] >= '0' && s.at[i] <= '9';
    return all;
}

/* The next word of a line whose words are separated by single spaces. */
static struct span word(struct span *line)
{
    const char *end = memchr(line->at, ' ', line->len);
    struct span w = {line->at, end ? (size_t)(end - line->at) : line->len};
    *line = span_from(*line, end ? w.len + 1 : w.len);
    return w;
}

/* Whether the line, without LF, is an AT line. `tail` is what follows its skew; the offsets are
 * remembered. */
static bool at_line(struct span line, struct span *tail)
{
    struct span rest = line, at = word(&rest), origin = word(&rest), skew = word(&rest);
    const char *point = memchr(skew.at, '.', skew.len);
    size_t bytes = (size_t)(rest.at - line.at) - 1;
    if (!span_equal(at, SPAN("AT")) || origin.len == 0 || skew.len < 2 || rest.len == 0)
        return false;
    if ((skew.at[0] != '+' && skew.at[0] != '-') || !point ||
        !digits(span_from(skew, (size_t)(point - skew.at) + 1)) ||
        !digits((struct span){skew.at + 1, (size_t)(point - skew.at) - 1}))
        return false;
    *tail = rest;
    if (bytes <= sizeof head && point == line.at + bytes - SKEW_DIGITS - 1) {
        memcpy(head, line.at, bytes);
        head_bytes = bytes;
        head_fixed = (size_t)(skew.at - line.at) + 1;
    }
    return true;
}

static enum verdict check_update(struct span in, struct span asked, size_t *used)
{
    const char *end = memchr(in.at, '\n', in.len < LINE_BYTES_MAX ? in.len : LINE_BYTES_MAX);
    if (!end)
        return in.len < LINE_BYTES_MAX ? REPLY_PART : REPLY_WRONG;
    struct span line = {in.at, (size_t)(end - in.at)}, told = span_from(asked, WORD_BYTES + 1),
                tail;
    told.len--;
    *used = line.len + 1;
    if (!at_line(line, &tail) || tail.len != told.len)
        return REPLY_WRONG;
    if (memcmp(tail.at, told.at, told.len) == 0)
        return REPLY_RIGHT;
    size_t time = told.len - TRAFFIC_TIME_BYTES;
    bool newer = memcmp(tail.at + time, told.at + time, TRAFFIC_TIME_BYTES) > 0;
    bool same_id = memcmp(tail.at, told.at, TRAFFIC_ID_BYTES + 1) == 0;
    return newer && same_id ? REPLY_OVERTAKEN : REPLY_WRONG;
}

/* An AT line about the client, then JSON, then the first two consecutive LFs. */
static enum verdict check_query(struct span in, struct span asked, size_t *used)
{
    const char *end = memmem(in.at, in.len, "\n\n", 2);
    if (!end)
        return in.len < REPLY_BYTES_MAX ? REPLY_PART : REPLY_WRONG;
    *used = (size_t)(end - in.at) + 2;
    const char *line_end = memchr(in.at, '\n', *used);
    struct span line = {in.at, (size_t)(line_end - in.at)}, tail;
    struct span json = {line_end + 1, (size_t)(end - line_end) - (end > line_end)};
    struct span id = {asked.at + sizeof "WHATSAT", TRAFFIC_ID_BYTES};
    bool right = at_line(line, &tail) && span_equal(word(&tail), id) && json.len > 2 &&
                 json.at[0] == '{' && json.at[json.len - 1] == '}' &&
                 memmem(json.at, json.len, "\"results\"", 9) &&
                 memmem(json.at, json.len, "\"status\"", 8);
    return right ? REPLY_RIGHT : REPLY_WRONG;
}

static enum verdict herd_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    if (kind == KIND_QUERY)
        return check_query(in, asked, used);
    size_t tail = asked.len - WORD_BYTES, guessed = head_bytes + tail;
    if (in.len >= guessed && head_bytes && memcmp(in.at, head, head_fixed) == 0 &&
        in.at[head_bytes - SKEW_DIGITS - 1] == '.' &&
        memcmp(in.at + head_bytes, asked.at + WORD_BYTES, tail) == 0) {
        *used = guessed;
        return REPLY_RIGHT;
    }
    return check_update(in, asked, used);
}

const struct protocol herd_protocol = {
    .name = "herd",
    .command_bytes_max = 96,
    .write = herd_write,
    .check = herd_check,
};
