/* command.c — see command.h. The hot path of the client port: one pass over the line cuts it into
 * fields and judges its bytes, then each field is read once. Nothing depends on a locale.
 *
 * Called by node for clients' lines; peering cuts its own with command_split. */
#include "core/command.h"
#include "core/decimal.h"
#include "core/word.h"

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

/* Sets the top bit of every byte that is not ordinary: below 0x21, or DEL. Bytes above the first
 * such one may be wrong, because subtraction borrows from them. */
static uint64_t not_ordinary(uint64_t word)
{
    uint64_t from_del = word ^ WORD_EACH_BYTE * 0x7f;
    return (((word - WORD_EACH_BYTE * 0x21) & ~word) | ((from_del - WORD_EACH_BYTE) & ~from_del)) &
           WORD_EACH_BYTE * 0x80;
}

/* The end of the ordinary bytes that begin at `at`: eight at a time where there are eight. */
static const char *ordinary_end(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t stops = not_ordinary(word_load(at));
        if (stops)
            return at + __builtin_ctzll(stops) / 8;
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

static bool parse_iamat(struct span position, struct span time, struct command *out)
{
    struct position place;
    out->iamat.position_text = position;
    out->iamat.time_text = time;
    return position_parse(position, &place) && decimal_time(time, &out->iamat.time_ns);
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

void command_parse(struct span line, struct command *out)
{
    struct span field[COMMAND_FIELDS_MAX];
    *out = (struct command){.kind = COMMAND_INVALID, .line = line};
    if (command_split(line, field, COMMAND_FIELDS_MAX) != COMMAND_FIELDS_MAX ||
        field[1].len > STAMPEDE_CLIENT_ID_BYTES_MAX)
        return;
    out->id = field[1];
    if (span_equal(field[0], SPAN("IAMAT")) && parse_iamat(field[2], field[3], out))
        out->kind = COMMAND_IAMAT;
    else if (span_equal(field[0], SPAN("WHATSAT")) && parse_whatsat(field[2], field[3], out))
        out->kind = COMMAND_WHATSAT;
}

void command_refuse(struct buf *out, struct span line)
{
    buf_put(out, "? ", 2);
    buf_span_put(out, line);
    buf_byte(out, '\n');
}
