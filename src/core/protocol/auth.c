/* auth.c — see auth.h. PROTOCOL.md, "AUTH".
 *
 * AUTH signs a sequence of fields, each preceded by its length, so that two different exchanges
 * never sign the same bytes. The speaker's role comes first, and its name and numbers come before
 * the other end's: so an end cannot use what it has received as its own AUTH. Holds always: each
 * secret has SECRET_BYTES_MIN to SECRET_BYTES_MAX bytes, and no two are equal. */
#include "core/protocol/auth.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/protocol/command.h"
#include <bearssl.h>

enum {
    QUARTERS = 4, /* a proof is written as four numbers of 64 bits */
    WORDS_MAX = 2 + SECRETS_MAX, /* AUTH, the number of an AUTH again, the proofs */
};

struct proof {
    uint64_t quarters[QUARTERS];
};

static struct span secret_at(const struct secrets *s, unsigned i)
{
    ASSERT(i < s->count && s->count <= SECRETS_MAX);
    ASSERT(s->bytes[i] >= SECRET_BYTES_MIN && s->bytes[i] <= SECRET_BYTES_MAX);
    return (struct span){s->text[i], s->bytes[i]};
}

/* The number of a secret; -1: it is not there. */
static int find(const struct secrets *s, struct span secret)
{
    for (unsigned i = 0; i < s->count; i++)
        if (span_equal(secret_at(s, i), secret))
            return (int)i;
    return -1;
}

bool secrets_add(struct secrets *s, struct span secret)
{
    ASSERT(s->count <= SECRETS_MAX);
    if (secret.len < SECRET_BYTES_MIN || secret.len > SECRET_BYTES_MAX)
        return false;
    if (find(s, secret) >= 0)
        return true;
    if (s->count == SECRETS_MAX)
        return false;
    memcpy(s->text[s->count], secret.at, secret.len);
    s->bytes[s->count++] = (unsigned)secret.len;
    return true;
}

unsigned secrets_kept(const struct secrets *before, const struct secrets *after, unsigned proven)
{
    unsigned kept = 0;
    ASSERT(proven < 1u << before->count);
    for (unsigned i = 0; i < before->count; i++) {
        int at = proven & 1u << i ? find(after, secret_at(before, i)) : -1;
        kept |= at < 0 ? 0 : 1u << at;
    }
    ASSERT(kept < 1u << after->count);
    return kept;
}

/* -- signing ----------------------------------------------------------------------------------- */

static void sign_field(br_hmac_context *hmac, const void *bytes, size_t len)
{
    ASSERT(len <= 0xffff);
    unsigned char prefix[2] = {(unsigned char)(len >> 8), (unsigned char)len};
    br_hmac_update(hmac, prefix, sizeof prefix);
    br_hmac_update(hmac, bytes, len);
}

static void sign_span(br_hmac_context *hmac, struct span text)
{
    sign_field(hmac, text.at, text.len);
}

static void sign_number(br_hmac_context *hmac, uint64_t number)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (56 - 8 * i));
    sign_field(hmac, bytes, sizeof bytes);
}

static struct proof sign(struct span secret, const struct auth_exchange *x)
{
    ASSERT(secret.len >= SECRET_BYTES_MIN);
    ASSERT(x->speaker->boot != 0 && x->other->boot != 0);
    br_hmac_key_context key;
    br_hmac_context hmac;
    unsigned char mac[AUTH_BYTES];
    struct proof proof = {{0}};
    br_hmac_key_init(&key, &br_sha256_vtable, secret.at, secret.len);
    br_hmac_init(&hmac, &key, AUTH_BYTES);
    sign_span(&hmac, x->again ? SPAN(HELLO_VERSION " AUTH again") : SPAN(HELLO_VERSION " AUTH"));
    sign_span(&hmac, x->role == HELLO_DIALLED ? SPAN("dialled") : SPAN("accepted"));
    sign_span(&hmac, x->speaker->herd);
    sign_span(&hmac, x->speaker->from);
    sign_span(&hmac, x->other->from);
    sign_number(&hmac, x->speaker->boot);
    sign_number(&hmac, x->other->boot);
    sign_field(&hmac, x->speaker->nonce, NONCE_BYTES);
    sign_field(&hmac, x->other->nonce, NONCE_BYTES);
    if (x->again)
        sign_number(&hmac, x->again);
    br_hmac_out(&hmac, mac);
    for (unsigned i = 0; i < AUTH_BYTES; i++)
        proof.quarters[i / 8] = proof.quarters[i / 8] << 8 | mac[i];
    return proof;
}

void auth_put(
    struct buf *out, const struct secrets *secrets, unsigned which, const struct auth_exchange *x)
{
    size_t before = out->len;
    ASSERT(which && which < 1u << secrets->count);
    buf_text(out, "AUTH");
    if (x->again) {
        buf_byte(out, ' ');
        buf_u64(out, x->again);
    }
    for (unsigned i = 0; i < secrets->count; i++) {
        if (!(which & 1u << i))
            continue;
        struct proof proof = sign(secret_at(secrets, i), x);
        buf_byte(out, ' ');
        for (unsigned k = 0; k < QUARTERS; k++)
            buf_hex(out, proof.quarters[k], 16);
    }
    buf_byte(out, '\n');
    ASSERT(out->overflow || out->len - before <= AUTH_LINE_BYTES_MAX);
}

/* -- hearing ----------------------------------------------------------------------------------- */

static bool parse_proof(struct span word, struct proof *out)
{
    bool well = word.len == 2 * AUTH_BYTES;
    for (unsigned k = 0; well && k < QUARTERS; k++)
        well = hello_hex64((struct span){word.at + 16 * k, 16}, &out->quarters[k]);
    return well;
}

static bool equal(const struct proof *a, const struct proof *b)
{
    uint64_t differs = 0;
    for (unsigned k = 0; k < QUARTERS; k++)
        differs |= a->quarters[k] ^ b->quarters[k];
    return differs == 0;
}

unsigned auth_proves(struct span line, const struct secrets *secrets, const struct auth_exchange *x)
{
    struct span words[WORDS_MAX];
    struct proof said[SECRETS_MAX];
    int count = command_split(line, words, WORDS_MAX), first = x->again ? 2 : 1;
    uint64_t again = 0;
    if (count <= first || count > first + SECRETS_MAX || !span_equal(words[0], SPAN("AUTH")) ||
        (x->again && !decimal_count(words[1], UINT64_MAX, &again)) || again != x->again)
        return 0;
    for (int i = first; i < count; i++)
        if (!parse_proof(words[i], &said[i - first]))
            return 0;
    unsigned proven = 0;
    for (unsigned i = 0; i < secrets->count; i++) {
        struct proof right = sign(secret_at(secrets, i), x);
        for (int k = first; k < count; k++)
            proven |= (unsigned)equal(&right, &said[k - first]) << i;
    }
    ASSERT(proven < 1u << secrets->count);
    return proven;
}
