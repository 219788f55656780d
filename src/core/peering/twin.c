/* twin.c — see twin.h. Called by arrivals, peering, out and node. */
#include "core/peering/twin.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/peering/link_state.h"

bool twin_is_earlier(const struct twin *a, const struct twin *b)
{
    ASSERT(a->boot != b->boot);
    return a->started != b->started ? a->started < b->started : a->boot < b->boot;
}

bool twin_put(struct buf *out, const struct twin *stays)
{
    size_t start = out->len;
    ASSERT(stays->boot && *stays->address);
    buf_text(out, "TWIN ");
    buf_hex(out, stays->boot, 16);
    buf_byte(out, ' ');
    buf_u64(out, stays->started);
    buf_byte(out, ' ');
    buf_text(out, stays->address);
    buf_byte(out, '\n');
    ASSERT(out->overflow || out->len - start <= TWIN_LINE_BYTES_MAX);
    return link_line_fits(out, start);
}

/* It goes into the log, so only what is printable is taken. */
static bool parse_address(struct span text, char address[TWIN_ADDRESS_BYTES_MAX + 1])
{
    if (!text.len || text.len > TWIN_ADDRESS_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '!' || text.at[i] > '~')
            return false;
    memcpy(address, text.at, text.len);
    address[text.len] = '\0';
    return true;
}

const char *twin_parse(const struct span *words, const struct peering_node *node, struct twin *out)
{
    struct twin own = {.boot = node->boot, .started = node->started};
    struct twin said = {0};
    if (!hello_hex64(words[1], &said.boot) || !said.boot ||
        !decimal_count(words[2], INT64_MAX, &said.started) ||
        !parse_address(words[3], said.address))
        return "TWIN with a bad field";
    if (said.boot == own.boot || !twin_is_earlier(&said, &own))
        return "TWIN that is not earlier";
    *out = said;
    return NULL;
}

void twin_told(const struct peering_node *node, const struct peer *stand_in)
{
    struct peer *linked = &node->peers[stand_in->number];
    ASSERT(stand_in != linked);
    if (stand_in->boot != linked->boot)
        linked->full_until = store_change(node->store);
}
