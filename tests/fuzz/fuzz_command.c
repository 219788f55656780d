/* fuzz_command.c — what a client sends: a stream, its lines, commands, and stamps made of them.
 *
 * The first bytes of the data say where the stream is split, how long a line may be and what the
 * clock shows; the rest is the stream. Its lines must be the same whether it is split or not. Each
 * is parsed: a command's fields keep their bounds, and a peer that parses the AT line of an IAMAT
 * gets the same stamp.
 *
 * Covers: src/core/protocol/command.c, src/core/protocol/explain.c, src/core/protocol/foreign.c,
 * src/core/protocol/line.c, src/core/protocol/stamp.c */
#include "core/protocol/command.h"
#include "core/base/invariant.h"
#include "core/protocol/explain.h"
#include "core/protocol/foreign.h"
#include "core/protocol/line.h"
#include "core/protocol/stamp.h"
#include <stdlib.h>

enum { HEAD_BYTES = 11 };

struct head {
    size_t cut; /* bytes of the stream's first part */
    uint32_t line_bytes_max;
    int64_t now_ns;
};

static struct head head_of(const uint8_t *data, size_t stream_bytes)
{
    uint64_t now = 0;
    for (int i = 0; i < 8; i++)
        now = now << 8 | data[3 + i];
    return (struct head){((size_t)data[0] << 8 | data[1]) % (stream_bytes + 1),
        1 + 4 * (uint32_t)data[2], (int64_t)(now >> 1)};
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);
    ASSERT(memory || bytes == 0);
    return memory;
}

/* Record a line: its length, the result that came with it, its bytes. */
static void write_down(struct buf *lines, char kind, struct span line)
{
    buf_put(lines, &line.len, sizeof line.len);
    buf_byte(lines, kind);
    buf_span_put(lines, line);
}

static void receive(struct line_reader *r, struct span bytes, struct buf *lines)
{
    char *block = allocate(bytes.len);
    if (bytes.len)
        memcpy(block, bytes.at, bytes.len);
    struct span in = {block, bytes.len}, line;
    enum line_result result;
    while ((result = line_next(r, &in, &line)) != LINE_MORE) {
        if (result == LINE_NO_ROOM)
            r->room = allocate(r->bytes_max + (size_t)1);
        else
            write_down(lines, (char)result, line);
    }
    ASSERT(in.len == 0);
    free(block);
}

/* The lines of the stream when it is received in two parts. */
static struct buf lines_of(struct span stream, size_t cut, uint32_t line_bytes_max)
{
    struct line_reader r = {.bytes_max = line_bytes_max};
    size_t most = (stream.len + 1) * (sizeof(size_t) + 2);
    struct buf lines = buf_over(allocate(most), most);
    struct span line;
    receive(&r, (struct span){stream.at, cut}, &lines);
    receive(&r, span_from(stream, cut), &lines);
    if (line_last(&r, &line))
        write_down(&lines, LINE_WHOLE, line);
    ASSERT(!lines.overflow);
    free(r.room);
    return lines;
}

static void check_iamat(const struct command *c, int64_t now_ns)
{
    struct stamp stamp = {c->id, c->iamat.position_text, c->iamat.time_text, SPAN("Goloman"),
                     c->iamat.time_ns, now_ns - c->iamat.time_ns},
                 parsed;
    struct span fields[6];
    size_t bytes = stamp_at_bytes_max(&stamp);
    struct buf at = buf_over(allocate(bytes), bytes);
    stamp_at_put(&at, &stamp);
    ASSERT(!at.overflow);
    ASSERT(command_split(buf_span(&at), fields, 6) == 6 && stamp_parse(fields, &parsed));
    ASSERT(span_equal(parsed.id, stamp.id) && stamp_compare(&parsed, &stamp) == 0);
    ASSERT(stamp_hash(&parsed) == stamp_hash(&stamp));
    free(at.at);
}

static void check_refusal(struct span line)
{
    struct buf out = buf_over(allocate(line.len + 3), line.len + 3);
    command_refuse(&out, line);
    ASSERT(!out.overflow && out.len == line.len + 3);
    ASSERT(span_equal((struct span){out.at + 2, line.len}, line));
    free(out.at);
}

static bool lies_within(struct span field, struct span line)
{
    return field.len > 0 && field.at >= line.at && field.at + field.len <= line.at + line.len;
}

static void check_line(struct span line, int64_t now_ns)
{
    struct command c;
    command_parse(line, &c);
    ASSERT(c.line.at == line.at && c.line.len == line.len);
    ASSERT((command_explain(line) == FAULT_NONE) == (c.kind != COMMAND_INVALID));
    ASSERT(!foreign_is_http(line, false) || c.kind == COMMAND_INVALID);
    ASSERT(!foreign_is_http(line, true) || memchr(line.at, '/', line.len));
    if (c.kind == COMMAND_INVALID) {
        check_refusal(line);
        return;
    }
    ASSERT(lies_within(c.id, line) && c.id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX);
    if (c.kind == COMMAND_IAMAT) {
        ASSERT(lies_within(c.iamat.position_text, line) && lies_within(c.iamat.time_text, line));
        ASSERT(c.iamat.position_text.len <= STAMPEDE_POSITION_BYTES_MAX && c.iamat.time_ns >= 0);
        check_iamat(&c, now_ns);
    } else {
        ASSERT(c.whatsat.radius_um <= STAMPEDE_RADIUS_KM_MAX * UINT64_C(1000000000));
        ASSERT(c.whatsat.count <= STAMPEDE_COUNT_MAX);
    }
}

/* Parse each line once more, alone in a block of exactly its size. */
static void check_lines(struct span lines, int64_t now_ns)
{
    while (lines.len) {
        size_t len;
        memcpy(&len, lines.at, sizeof len);
        lines = span_from(lines, sizeof len + 1);
        char *block = allocate(len);
        if (len)
            memcpy(block, lines.at, len);
        check_line((struct span){block, len}, now_ns);
        free(block);
        lines = span_from(lines, len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    struct span stream = {(const char *)data + HEAD_BYTES, size - HEAD_BYTES};
    struct head head = head_of(data, stream.len);
    struct buf whole = lines_of(stream, 0, head.line_bytes_max);
    struct buf cut = lines_of(stream, head.cut, head.line_bytes_max);
    ASSERT(span_equal(buf_span(&whole), buf_span(&cut)));
    check_lines(buf_span(&whole), head.now_ns);
    free(whole.at);
    free(cut.at);
    return 0;
}
