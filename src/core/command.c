/* command.c — see command.h. The hot path of the client port: one pass over the line cuts it into
 * fields and judges its bytes, then each field is read once. A command that programs write is found
 * in the same pass that finds where its line ends. Nothing depends on a locale.
 *
 * Called by node for clients' lines; peering cuts its own with command_split. */
#include "core/command.h"
#include "core/decimal.h"
#include "core/wide.h"

/* What a byte is to a line. */
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

/* The end of the ordinary bytes that begin at `at`; sixteen at a time where there are sixteen. */
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

size_t command_cut(struct span in, struct span *fields, int count, char behind)
{
    const char *at = in.at, *end = in.at + in.len;
    for (int i = 0; i < count; i++) {
        const char *stop = ordinary_end(at, end);
        if (stop == at || stop == end || *stop != (i < count - 1 ? ' ' : behind))
            return 0;
        fields[i] = (struct span){at, (size_t)(stop - at)};
        at = stop + 1;
    }
    return (size_t)(at - in.at);
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
    out->whatsat.count = (unsigned)count;
    return true;
}

/* `field` has COMMAND_FIELDS_MAX; out->kind stays as it is when they are no command. */
static void understand(const struct span *field, struct command *out)
{
    if (field[1].len > STAMPEDE_CLIENT_ID_BYTES_MAX)
        return;
    out->id = field[1];
    if (span_equal(field[0], SPAN("IAMAT")) && parse_iamat(field[2], field[3], out))
        out->kind = COMMAND_IAMAT;
    else if (span_equal(field[0], SPAN("WHATSAT")) && parse_whatsat(field[2], field[3], out))
        out->kind = COMMAND_WHATSAT;
}

/* No command, as far as is known; what an IAMAT or WHATSAT says besides is set with its kind. */
static void begin(struct command *out, struct span line)
{
    out->kind = COMMAND_INVALID;
    out->line = line;
    out->id = (struct span){0};
}

void command_parse(struct span line, struct command *out)
{
    struct span field[COMMAND_FIELDS_MAX];
    begin(out, line);
    if (command_split(line, field, COMMAND_FIELDS_MAX) == COMMAND_FIELDS_MAX)
        understand(field, out);
}

size_t command_next(struct span in, size_t line_bytes_max, struct command *out)
{
    struct span field[COMMAND_FIELDS_MAX];
    size_t bytes = command_cut(in, field, COMMAND_FIELDS_MAX, '\n');
    if (!bytes || bytes - 1 > line_bytes_max)
        return 0;
    begin(out, (struct span){in.at, bytes - 1});
    understand(field, out);
    return bytes;
}

void command_refuse(struct buf *out, struct span line)
{
    buf_put(out, "? ", 2);
    buf_span_put(out, line);
    buf_byte(out, '\n');
}
