/* record.c — see record.h. */
#include "core/record.h"
#include "core/invariant.h"

void record_write(struct record *r, const struct stamp *s, uint16_t origin, uint16_t route)
{
    ASSERT(s->id.len >= 1 && s->id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX);
    ASSERT(s->position.len <= STAMPEDE_POSITION_BYTES_MAX);
    ASSERT(s->time.len <= STAMPEDE_LINE_BYTES_MAX);
    char text[RECORD_TEXT_BYTES_MAX + PACKED_TEXT_SLACK];
    memcpy(text, s->position.at, s->position.len);
    text[s->position.len] = ',';
    memcpy(text + s->position.len + 1, s->time.at, s->time.len);

    r->time_ns = s->time_ns;
    r->skew_ns = s->skew_ns;
    r->origin = origin;
    r->route = route;
    r->text_len = (uint16_t)(s->position.len + 1 + s->time.len);
    r->id_len = (uint8_t)s->id.len;
    memcpy(r->bytes, s->id.at, s->id.len);
    packed_put(r->bytes + s->id.len, text, r->text_len);
}

void record_texts(const struct record *r, char *text, struct span *position, struct span *time)
{
    packed_get(r->bytes + r->id_len, r->text_len, text);
    const char *comma = memchr(text, ',', r->text_len);
    ASSERT(comma);
    *position = (struct span){text, (size_t)(comma - text)};
    *time = (struct span){comma + 1, r->text_len - position->len - 1};
}
