/* heads.c — see heads.h. */
#include "core/journal/heads.h"
#include "core/base/invariant.h"

static void name_put(struct file_name *out, struct span name)
{
    ASSERT(name.len >= 1 && name.len <= sizeof out->text);
    out->len = (uint8_t)name.len;
    memcpy(out->text, name.at, name.len);
}

void heads_init(struct heads *h, struct span herd, struct span node, uint64_t boot, uint64_t random,
    const struct found *found)
{
    ASSERT(boot && found->formers <= FILE_FORMER_BOOTS_MAX);
    *h = (struct heads){.random = random,
        .next = {.kind = FILE_LOG,
            .seq = found->seq,
            .boot = boot,
            .change_before = found->change,
            .predecessor = found->predecessor,
            .formers = found->formers}};
    name_put(&h->next.herd, herd);
    name_put(&h->next.node, node);
    memcpy(h->next.former, found->former, sizeof found->former);
}

/* Files of one process need different salts, which nobody has to be unable to guess
 * (splitmix64). */
static uint64_t next_salt(struct heads *h)
{
    uint64_t z = h->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct file_header heads_log(struct heads *h, uint64_t change, struct instant now)
{
    ASSERT(change >= h->next.change_before);
    h->next.seq++;
    h->next.salt = next_salt(h);
    h->next.change_before = change;
    h->next.started_ns = now.real_ns;
    return h->next;
}

struct file_header heads_base(struct heads *h, struct instant now)
{
    struct file_header base = h->next;
    base.kind = FILE_BASE;
    base.salt = next_salt(h);
    base.change_before = 0;
    base.predecessor = (struct file_predecessor){0};
    base.started_ns = now.real_ns;
    return base;
}

void heads_log_ended(struct heads *h, uint64_t bytes, uint64_t change, uint32_t crc)
{
    ASSERT(bytes >= FILE_HEADER_BYTES);
    h->next.predecessor = (struct file_predecessor){
        .seq = h->next.seq, .end = bytes, .change = change, .crc = crc};
}
