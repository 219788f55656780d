/* explain.c — see explain.h. Whether a line is a command is decided by command_parse alone, so
 * that there is one grammar. Here a refused line is searched for the first part that cannot belong
 * to a command; each search ends with a fault that takes whatever is left, because the parser has
 * refused the line. PROTOCOL.md, "Client port". */
#include "core/protocol/explain.h"
#include "core/base/ascii.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/protocol/command.h"

static const struct span texts[FAULTS] = {
    [FAULT_NONE] = {"", 0},
    [FAULT_CONTROL_BYTE] = SPAN("the line holds a control byte"),
    [FAULT_EMPTY] = SPAN("the line is empty"),
    [FAULT_WORD_CASE] = SPAN("command words are written in capitals"),
    [FAULT_WORD] = SPAN("the first word is none of IAMAT, WHATSAT, NEAR, WATCH, UNWATCH"),
    [FAULT_FIELDS_FEW] = SPAN("the line has fewer than four fields"),
    [FAULT_FIELDS_MANY] = SPAN("the line has more than four fields"),
    [FAULT_ID_LONG] = SPAN("the client id has more than 255 bytes"),
    [FAULT_LATITUDE_SIGN] = SPAN("the latitude has no sign (+ or -)"),
    [FAULT_LATITUDE_DIGITS] = SPAN("the latitude needs 1 to 3 digits behind its sign"),
    [FAULT_LATITUDE_FRACTION] = SPAN("the latitude needs 1 to 15 digits behind its point"),
    [FAULT_LATITUDE_BOUND] = SPAN("the latitude is beyond 90 degrees"),
    [FAULT_LONGITUDE_SIGN] = SPAN("no longitude with its sign (+ or -) follows the latitude"),
    [FAULT_LONGITUDE_DIGITS] = SPAN("the longitude needs 1 to 3 digits behind its sign"),
    [FAULT_LONGITUDE_FRACTION] = SPAN("the longitude needs 1 to 15 digits behind its point"),
    [FAULT_LONGITUDE_BOUND] = SPAN("the longitude is beyond 180 degrees"),
    [FAULT_POSITION_END] = SPAN("something follows the longitude"),
    [FAULT_TIME_FORM] = SPAN("the time is not written as seconds: digits, or digits.digits"),
    [FAULT_TIME_FRACTION] = SPAN("the time has more than 9 digits behind its point"),
    [FAULT_TIME_BOUND] = SPAN("the time is above 9223372036.854775807 seconds"),
    [FAULT_RADIUS_FORM] = SPAN("the radius is not written as kilometres: digits, or digits.digits"),
    [FAULT_RADIUS_BOUND] = SPAN("the radius is above 50 km"),
    [FAULT_COUNT_FORM] = SPAN("the count is not written in digits"),
    [FAULT_COUNT_BOUND] = SPAN("the count is above 20"),
    [FAULT_LIVE_FIELDS] = SPAN("NEAR has four or five fields, WATCH one, two or four, UNWATCH two"),
    [FAULT_LIVE_NEAR] = SPAN("WATCH with four fields is WATCH NEAR, a position and a radius"),
    [FAULT_LIVE_RADIUS] = SPAN("the radius is above 20038 km"),
    [FAULT_LIVE_COUNT] = SPAN("the count is above 1000"),
    [FAULT_LIVE_AGE] =
        SPAN("the age is not written as seconds, with at most 9 digits of a fraction"),
    [FAULT_LIVE_NUMBER] =
        SPAN("the number of the watch is not written in digits, or far too large"),
};

struct span command_fault_text(enum command_fault fault)
{
    ASSERT(fault < FAULTS);
    return texts[fault];
}

/* How many digits stand at the beginning of *text; they are taken off. */
static size_t take_digits(struct span *text)
{
    size_t count = 0;
    while (count < text->len && ascii_is_digit(text->at[count]))
        count++;
    *text = span_from(*text, count);
    return count;
}

/* Take a coordinate off *text. `sign` is the first of its four faults, which stand in the order
 * sign, digits, fraction, bound. */
static enum command_fault coordinate_fault(
    struct span *text, uint64_t bound, enum command_fault sign)
{
    if (!decimal_take_byte(text, '-') && !decimal_take_byte(text, '+'))
        return sign;
    struct span number = *text;
    size_t digits = take_digits(text), fraction = 0;
    if (digits < 1 || digits > 3)
        return sign + 1;
    bool point = decimal_take_byte(text, '.');
    struct span behind = *text;
    if (point)
        fraction = take_digits(text);
    if (point && (fraction < 1 || fraction > STAMPEDE_FRACTION_DIGITS_POSITION_MAX))
        return sign + 2;
    uint64_t degrees, rest = 0;
    if (!decimal_take_digits(&number, bound, &degrees) ||
        (point && !decimal_take_fraction(&behind, STAMPEDE_FRACTION_DIGITS_POSITION_MAX, &rest)))
        return sign + 3;
    return degrees == bound && rest ? sign + 3 : FAULT_NONE;
}

static enum command_fault position_fault(struct span text)
{
    enum command_fault fault = coordinate_fault(&text, 90, FAULT_LATITUDE_SIGN);
    if (fault == FAULT_NONE)
        fault = coordinate_fault(&text, 180, FAULT_LONGITUDE_SIGN);
    return fault == FAULT_NONE && text.len ? FAULT_POSITION_END : fault;
}

/* Whether the text is digits, or digits with one point among them; *fraction are those behind. */
static bool is_number(struct span text, size_t *fraction)
{
    *fraction = 0;
    if (!take_digits(&text))
        return false;
    if (decimal_take_byte(&text, '.') && !(*fraction = take_digits(&text)))
        return false;
    return text.len == 0;
}

static enum command_fault iamat_fault(struct span position, struct span time)
{
    enum command_fault fault = position_fault(position);
    size_t fraction;
    if (fault != FAULT_NONE)
        return fault;
    if (!is_number(time, &fraction))
        return FAULT_TIME_FORM;
    return fraction > STAMPEDE_FRACTION_DIGITS_TIME_MAX ? FAULT_TIME_FRACTION : FAULT_TIME_BOUND;
}

static enum command_fault whatsat_fault(struct span radius, struct span count)
{
    size_t fraction;
    uint64_t um;
    if (!is_number(radius, &fraction))
        return FAULT_RADIUS_FORM;
    if (!decimal_radius(radius, &um))
        return FAULT_RADIUS_BOUND;
    return is_number(count, &fraction) && !fraction ? FAULT_COUNT_BOUND : FAULT_COUNT_FORM;
}

static enum command_fault circle_fault(struct span position, struct span radius)
{
    struct position centre;
    size_t fraction;
    uint64_t um;
    if (!position_parse(position, &centre))
        return position_fault(position);
    if (!is_number(radius, &fraction))
        return FAULT_RADIUS_FORM;
    return decimal_km(radius, STAMPEDE_NEAR_RADIUS_KM_MAX, &um) ? FAULT_NONE : FAULT_LIVE_RADIUS;
}

static enum command_fault near_fault(const struct span *field, int count)
{
    uint64_t wanted;
    size_t fraction;
    if (count != 4 && count != 5)
        return FAULT_LIVE_FIELDS;
    enum command_fault fault = circle_fault(field[1], field[2]);
    if (fault != FAULT_NONE)
        return fault;
    if (!decimal_count(field[3], STAMPEDE_NEAR_COUNT_MAX, &wanted))
        return is_number(field[3], &fraction) && !fraction ? FAULT_LIVE_COUNT : FAULT_COUNT_FORM;
    return FAULT_LIVE_AGE;
}

static enum command_fault watch_fault(const struct span *field, int count)
{
    if (count == 2)
        return FAULT_ID_LONG;
    if (count != 4)
        return FAULT_LIVE_FIELDS;
    return SPAN_IS(field[1], "NEAR") ? circle_fault(field[2], field[3]) : FAULT_LIVE_NEAR;
}

/* What is wrong with a line that begins with a word of live queries, which is set in *fault. false:
 * it does not. */
static bool live_fault(const struct span *field, int count, enum command_fault *fault)
{
    if (SPAN_IS(field[0], "NEAR"))
        *fault = near_fault(field, count);
    else if (SPAN_IS(field[0], "WATCH"))
        *fault = watch_fault(field, count);
    else if (SPAN_IS(field[0], "UNWATCH"))
        *fault = count == 2 ? FAULT_LIVE_NUMBER : FAULT_LIVE_FIELDS;
    else
        return false;
    return true;
}

/* Whether the field is the word (which has no capitals) in other letters' case. */
static bool is_word(struct span field, struct span word)
{
    if (field.len != word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (ascii_lower(field.at[i]) != word.at[i])
            return false;
    return true;
}

static enum command_fault word_fault(struct span field)
{
    static const struct span words[] = {
        SPAN("iamat"), SPAN("whatsat"), SPAN("near"), SPAN("watch"), SPAN("unwatch")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(field, words[i]))
            return FAULT_WORD_CASE;
    return FAULT_WORD;
}

/* What is wrong with a line of `count` fields, of which the first five at most are given. */
static enum command_fault fields_fault(const struct span *field, int count)
{
    enum command_fault fault;
    bool iamat = SPAN_IS(field[0], "IAMAT");
    if (live_fault(field, count, &fault))
        return fault;
    if (!iamat && !SPAN_IS(field[0], "WHATSAT"))
        return word_fault(field[0]);
    if (count != COMMAND_FIELDS_MAX)
        return count < COMMAND_FIELDS_MAX ? FAULT_FIELDS_FEW : FAULT_FIELDS_MANY;
    if (field[1].len > STAMPEDE_CLIENT_ID_BYTES_MAX)
        return FAULT_ID_LONG;
    return iamat ? iamat_fault(field[2], field[3]) : whatsat_fault(field[2], field[3]);
}

enum command_fault command_explain(struct span line)
{
    struct command command;
    command_parse(line, &command);
    if (command.kind != COMMAND_INVALID)
        return FAULT_NONE;
    struct span field[LIVE_COMMAND_FIELDS_MAX];
    int count = command_split(line, field, LIVE_COMMAND_FIELDS_MAX);
    if (count < 0)
        return FAULT_CONTROL_BYTE;
    enum command_fault fault = count ? fields_fault(field, count) : FAULT_EMPTY;
    ASSERT(fault > FAULT_NONE && fault < FAULTS);
    return fault;
}
