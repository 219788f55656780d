/* command.c — see command.h. This is the hot path of the client port: one pass over a line splits
 * it into fields and checks its bytes, then each field is parsed once. For a line in the form that
 * programs write, the same pass also finds the line's end. Nothing depends on a locale. */
#include "core/protocol/command.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/base/wide.h"

/* The classes of bytes in a line. */
enum { ORDINARY, SPACE, FORBIDDEN };

static const uint8_t class_of[256] = {
    [0x00 ... 0x08] = FORBIDDEN,
    ['\t'] = SPACE,
    ['\n'] = FORBIDDEN,
    ['\v'] = SPACE,
    ['\f'] = SPACE,
    ['\r'] = SPACE,
    [0x0e ... 0x1f] = FORBIDDEN,
    [' '] = SPACE,
    [0x7f] = FORBIDDEN,
};

bool command_is_space(char byte)
{
    return class_of[(uint8_t)byte] == SPACE;
}

/* The end of the run of ordinary bytes that begins at `at`, searched sixteen bytes at a time. */
static const char *ordinary_end(const char *at, const char *end)
{
    for (; end - at >= WIDE_BYTES; at += WIDE_BYTES) {
        uint32_t stops = wide_stops(at);
        if (stops)
            return at + __builtin_ctz(stops);
    }
    while (at < end && class_of[(uint8_t)*at] == ORDINARY)
        at++;
    return at;
}

int command_split(struct span line, struct span *fields, int max)
{
    ASSERT(max >= 1);
    const char *at = line.at, *end = line.at + line.len;
    int count = 0;
    for (;;) {
        while (at < end && class_of[(uint8_t)*at] == SPACE)
            at++;
        const char *field = at;
        at = ordinary_end(at, end);
        if (at == field)
            return at == end ? count : -1;
        if (count < max)
            fields[count] = (struct span){field, (size_t)(at - field)};
        count += count <= max;
    }
}

/* A search for the ends of fields. It classifies the bytes of a whole window at once; the first
 * window holds most of a command, or all of it. */
struct scan {
    const char *at; /* the next field begins here */
    const char *window, *behind; /* begin and end of the window */
    const char *end;
    uint64_t stops; /* bit i: byte i of the window ends a field that was not returned yet */
};

enum { FIRST_WINDOW_BYTES = 64 };

static inline struct scan scan_begin(struct span in)
{
    struct scan s = {.at = in.at, .window = in.at, .behind = in.at, .end = in.at + in.len};
    if (in.len >= FIRST_WINDOW_BYTES) {
        s.stops = (uint64_t)(wide_stops(s.at) | wide_stops(s.at + 16) << 16) |
                  (uint64_t)(wide_stops(s.at + 32) | wide_stops(s.at + 48) << 16) << 32;
        s.behind += FIRST_WINDOW_BYTES;
    }
    return s;
}

/* Go on to the next window with a stop. false: there is none. */
static bool scan_on(struct scan *s)
{
    while (!s->stops && s->end - s->behind >= WIDE_BYTES) {
        s->window = s->behind;
        s->stops = wide_stops(s->window);
        s->behind += WIDE_BYTES;
    }
    if (s->stops)
        return true;
    s->window = ordinary_end(s->behind, s->end);
    if (s->window == s->end)
        return false;
    s->behind = s->window + 1;
    s->stops = 1;
    return true;
}

/* The next field. false: it is empty or does not end with the byte `behind`. */
static inline bool scan_field(struct scan *s, char behind, struct span *field)
{
    if (!s->stops && !scan_on(s))
        return false;
    const char *stop = s->window + __builtin_ctzll(s->stops);
    s->stops &= s->stops - 1;
    *field = (struct span){s->at, (size_t)(stop - s->at)};
    s->at = stop + 1;
    return field->len && *stop == behind;
}

size_t command_cut(struct span in, struct span *fields, int count, char behind)
{
    struct scan s = scan_begin(in);
    for (int i = 0; i < count; i++)
        if (!scan_field(&s, i < count - 1 ? ' ' : behind, &fields[i]))
            return 0;
    ASSERT(s.at <= s.end);
    return (size_t)(s.at - in.at);
}

static bool parse_iamat(struct span position, struct span time, struct command *out)
{
    out->iamat.position_text = position;
    out->iamat.time_text = time;
    return position_valid(position) && decimal_time(time, &out->iamat.time_ns);
}

static bool parse_whatsat(struct span radius, struct span count_text, struct command *out)
{
    uint64_t count;
    if (!decimal_radius(radius, &out->whatsat.radius_um) ||
        !decimal_count(count_text, STAMPEDE_COUNT_MAX, &count))
        return false;
    ASSERT(count <= STAMPEDE_COUNT_MAX);
    out->whatsat.count = (unsigned)count;
    return true;
}

/* Lines that are neither IAMAT nor WHATSAT, seldom: a live query, or nothing. */
static void others_parse(const struct span *field, int count, struct command *out)
{
    struct live_command live;
    if (count > 0 && live_command_of(field, count, &live))
        out->kind = COMMAND_LIVE;
}

/* Parse the COMMAND_FIELDS_MAX fields of a line. If they are no command, out->kind stays. */
static void fields_parse(const struct span *field, struct command *out)
{
    if (field[1].len > STAMPEDE_CLIENT_ID_BYTES_MAX)
        return;
    if (SPAN_IS(field[0], "IAMAT")) {
        out->id = field[1];
        if (parse_iamat(field[2], field[3], out))
            out->kind = COMMAND_IAMAT;
    } else if (SPAN_IS(field[0], "WHATSAT")) {
        out->id = field[1];
        if (parse_whatsat(field[2], field[3], out))
            out->kind = COMMAND_WHATSAT;
    } else {
        others_parse(field, COMMAND_FIELDS_MAX, out);
    }
}

/* Invalid until its fields prove the opposite. The union is set together with the kind. */
static void begin(struct command *out, struct span line)
{
    out->kind = COMMAND_INVALID;
    out->line = line;
    out->id = (struct span){0};
}

void command_parse(struct span line, struct command *out)
{
    struct span field[LIVE_COMMAND_FIELDS_MAX];
    begin(out, line);
    int count = command_split(line, field, LIVE_COMMAND_FIELDS_MAX);
    if (count == COMMAND_FIELDS_MAX)
        fields_parse(field, out);
    else
        others_parse(field, count, out);
    ASSERT(out->kind == COMMAND_INVALID || out->kind == COMMAND_LIVE || out->id.len >= 1);
}

size_t command_next(struct span in, size_t line_bytes_max, struct command *out)
{
    struct span field[COMMAND_FIELDS_MAX];
    struct scan s = scan_begin(in); /* without command_cut's loop: this saves 43 instructions */
    if (!scan_field(&s, ' ', &field[0]) || !scan_field(&s, ' ', &field[1]) ||
        !scan_field(&s, ' ', &field[2]) || !scan_field(&s, '\n', &field[3]))
        return 0;
    size_t bytes = (size_t)(s.at - in.at);
    if (bytes - 1 > line_bytes_max)
        return 0;
    begin(out, (struct span){in.at, bytes - 1});
    fields_parse(field, out);
    return bytes;
}

void command_live(const struct command *command, struct live_command *out)
{
    struct span field[LIVE_COMMAND_FIELDS_MAX];
    ASSERT(command->kind == COMMAND_LIVE);
    int count = command_split(command->line, field, LIVE_COMMAND_FIELDS_MAX);
    bool parsed = live_command_of(field, count, out);
    ASSERT(parsed);
}

void command_refuse(struct buf *out, struct span line)
{
    buf_put(out, "? ", 2);
    buf_span_put(out, line);
    buf_byte(out, '\n');
}
