/* news.c — see news.h. */
#include "cli/news.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/protocol/command.h"

enum { FIELDS_MAX = 9, AT_FIELDS = 6, NEWS_WORDS = NEWS_FULL + 1 };

static const struct span words[NEWS_WORDS] = {
    [NEWS_NOW] = SPAN("NOW"),
    [NEWS_IN] = SPAN("IN"),
    [NEWS_ENTER] = SPAN("ENTER"),
    [NEWS_MOVE] = SPAN("MOVE"),
    [NEWS_EXIT] = SPAN("EXIT"),
    [NEWS_GONE] = SPAN("GONE"),
    [NEWS_FULL] = SPAN("FULL"),
};

struct span news_word(enum news_kind kind)
{
    ASSERT(kind <= NEWS_GONE);
    return words[kind];
}

static bool has_number(const struct span *field, int count, struct news *out)
{
    uint64_t number;
    out->number = count > 1 ? field[1] : SPAN("");
    return decimal_count(out->number, UINT64_MAX, &number);
}

static enum news_kind read_news(
    struct span line, const struct span *field, int count, struct news *out)
{
    unsigned kind = 0;
    while (kind < NEWS_WORDS && !span_equal(field[2], words[kind]))
        kind++;
    if (kind == NEWS_FULL && count == 3)
        return NEWS_FULL;
    if (kind == NEWS_GONE && count == 4) {
        out->id = field[3];
        return NEWS_GONE;
    }
    if (kind >= NEWS_GONE || count != 3 + AT_FIELDS || !SPAN_IS(field[3], "AT") ||
        !stamp_parse(field + 3, &out->stamp))
        return NEWS_OTHER;
    out->at = span_from(line, (size_t)(field[3].at - line.at));
    out->id = out->stamp.id;
    return (enum news_kind)kind;
}

void news_read(struct span line, struct news *out)
{
    struct span field[FIELDS_MAX];
    *out = (struct news){.kind = NEWS_OTHER};
    if (line.len && *line.at == '?') { /* the line that follows may be any bytes */
        out->kind = NEWS_REFUSED;
        return;
    }
    int count = command_split(line, field, FIELDS_MAX);
    if (count < 2 || count > FIELDS_MAX || !has_number(field, count, out))
        return;
    if (SPAN_IS(field[0], "WATCHING"))
        out->kind = NEWS_WATCHING;
    else if (SPAN_IS(field[0], "!") && count > 2)
        out->kind = read_news(line, field, count, out);
}

bool news_found(struct span line, struct span *distance, struct stamp *stamp)
{
    struct span field[1 + AT_FIELDS];
    if (command_split(line, field, 1 + AT_FIELDS) != 1 + AT_FIELDS || !SPAN_IS(field[1], "AT"))
        return false;
    *distance = field[0];
    return stamp_parse(field + 1, stamp);
}

bool news_near(struct span line, uint64_t *found)
{
    struct span field[5];
    return command_split(line, field, 5) == 5 && SPAN_IS(field[0], "NEAR") &&
           decimal_count(field[1], STAMPEDE_NEAR_COUNT_MAX, found);
}
