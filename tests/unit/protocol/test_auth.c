/* test_auth.c — secrets and AUTH: what is written, and which AUTH is right. */
#include "core/protocol/auth.h"
#include "unit/secrets.h"
#include <criterion/criterion.h>

static const struct hello hands = {
    .herd = {"demo", 4},
    .from = {"Hands", 5},
    .to = {"Wilkes", 6},
    .boot = 255,
    .nonce = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
};

static const struct hello wilkes = {
    .herd = {"demo", 4},
    .from = {"Wilkes", 6},
    .to = {"Hands", 5},
    .boot = UINT64_MAX,
    .nonce = {0xff, 0xfe},
};

static const char secret[] = "sixteen bytes ok";

static bool auth_valid(struct span line, const char *with, enum hello_role role,
    const struct hello *speaker, const struct hello *other)
{
    struct secrets secrets = secrets_of(with);
    struct auth_exchange x = {.role = role, .speaker = speaker, .other = other};
    return auth_proves(line, &secrets, &x) != 0;
}

static struct span auth_of(char *text, const char *with, enum hello_role role,
    const struct hello *speaker, const struct hello *other)
{
    struct buf out = buf_over(text, AUTH_LINE_BYTES);
    struct secrets secrets = secrets_of(with);
    struct auth_exchange x = {.role = role, .speaker = speaker, .other = other};
    auth_put(&out, &secrets, 1, &x);
    cr_assert_eq(out.len, (size_t)AUTH_LINE_BYTES);
    cr_assert_eq(text[out.len - 1], '\n');
    return (struct span){text, out.len - 1};
}

/* Computed with Python's hmac module from the fields, as auth.c describes them:
 *
 *     import hmac, struct
 *     f = lambda b: struct.pack('>H', len(b)) + b
 *     n = lambda x: f(struct.pack('>Q', x))
 *     m = f(b'stampede/1 AUTH') + f(b'dialled') + f(b'demo') + f(b'Hands') + f(b'Wilkes') \
 *         + n(255) + n(2**64 - 1) + f(bytes(range(16))) + f(b'\xff\xfe' + bytes(14))
 *     hmac.new(b'sixteen bytes ok', m, 'sha256').hexdigest() */
Test(auth, is_this_hmac)
{
    char text[AUTH_LINE_BYTES];
    struct span line = auth_of(text, secret, HELLO_DIALLED, &hands, &wilkes);
    cr_expect(span_equal(line,
                  SPAN("AUTH 05a60f54cd40b7a3333c26b31bd3c0a3ca157f831a48944daeee0d5cbf966b6b")),
        "%.*s", (int)line.len, text);
}

Test(auth, proves_one_exchange_only)
{
    char text[AUTH_LINE_BYTES];
    struct span line = auth_of(text, secret, HELLO_DIALLED, &hands, &wilkes);
    cr_expect(auth_valid(line, secret, HELLO_DIALLED, &hands, &wilkes));
    cr_expect_not(auth_valid(line, secret, HELLO_ACCEPTED, &hands, &wilkes), "role");
    cr_expect_not(auth_valid(line, secret, HELLO_DIALLED, &wilkes, &hands), "reflected");
    cr_expect_not(auth_valid(line, secret, HELLO_ACCEPTED, &wilkes, &hands), "reflected, role");
    cr_expect_not(auth_valid(line, "sixteen bytes no", HELLO_DIALLED, &hands, &wilkes), "secret");
    for (int end = 0; end < 2; end++)
        for (int field = 0; field < 4; field++) {
            struct hello changed[2] = {hands, wilkes};
            struct hello *h = &changed[end];
            switch (field) {
            case 0:
                h->boot ^= UINT64_C(1) << 63;
                break;
            case 1:
                h->nonce[NONCE_BYTES - 1] ^= 1;
                break;
            case 2:
                h->nonce[0] ^= 0x80;
                break;
            default:
                h->from = SPAN("Hand");
            }
            cr_expect_not(auth_valid(line, secret, HELLO_DIALLED, &changed[0], &changed[1]),
                "end %d, field %d", end, field);
        }
    struct hello herd = hands;
    herd.herd = SPAN("Demo");
    cr_expect_not(auth_valid(line, secret, HELLO_DIALLED, &herd, &wilkes), "herd");
}

/* The signature changes when a byte moves from one field to the next. */
Test(auth, fields_do_not_run_together)
{
    char text[AUTH_LINE_BYTES];
    struct hello a = hands, b = wilkes, c = hands, d = wilkes;
    a.from = SPAN("ab"), b.from = SPAN("c");
    c.from = SPAN("a"), d.from = SPAN("bc");
    struct span line = auth_of(text, secret, HELLO_DIALLED, &a, &b);
    cr_expect_not(auth_valid(line, secret, HELLO_DIALLED, &c, &d));
}

Test(auth, every_wrong_digit_is_seen)
{
    char text[AUTH_LINE_BYTES];
    struct span line = auth_of(text, secret, HELLO_DIALLED, &hands, &wilkes);
    for (size_t i = 0; i < line.len; i++) {
        char was = text[i];
        text[i] = was == '0' ? '1' : '0';
        cr_expect_not(auth_valid(line, secret, HELLO_DIALLED, &hands, &wilkes), "%zu", i);
        text[i] = was;
        cr_expect_not(auth_valid((struct span){text, i}, secret, HELLO_DIALLED, &hands, &wilkes));
    }
    cr_expect(auth_valid(line, secret, HELLO_DIALLED, &hands, &wilkes));
}

/* -- several secrets --------------------------------------------------------------------------- */

#define OLD "the old one of all"
#define NEW "the new one of all"
#define LEAKED "the one that leaked"

static const struct auth_exchange first = {
    .role = HELLO_DIALLED, .speaker = &hands, .other = &wilkes};
static const struct auth_exchange second = {
    .role = HELLO_DIALLED, .speaker = &hands, .other = &wilkes, .again = 2};

static struct span put(char *text, const char *with, unsigned which, const struct auth_exchange *x)
{
    struct secrets secrets = secrets_of(with);
    struct buf out = buf_over(text, AUTH_LINE_BYTES_MAX);
    auth_put(&out, &secrets, which, x);
    cr_assert(!out.overflow && text[out.len - 1] == '\n');
    return (struct span){text, out.len - 1};
}

static unsigned proves(struct span line, const char *to, const struct auth_exchange *x)
{
    struct secrets secrets = secrets_of(to);
    return auth_proves(line, &secrets, x);
}

Test(auth, proves_what_both_have)
{
    static const struct {
        const char *speaker;
        unsigned which;
        const char *hearer;
        unsigned proven;
    } rows[] = {
        {OLD "|" NEW, 3, NEW "|" OLD, 3},
        {OLD "|" NEW, 3, OLD, 1},
        {NEW "|" OLD, 3, OLD, 1},
        {NEW "|" OLD, 2, OLD "|" NEW, 1},
        {NEW "|" OLD, 1, OLD "|" NEW, 2},
        {OLD, 1, LEAKED "|" NEW "|" OLD, 4},
        {OLD, 1, NEW, 0},
        {LEAKED "|" OLD, 3, NEW, 0},
        {LEAKED "|" OLD, 1, NEW "|" OLD, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[AUTH_LINE_BYTES_MAX];
        for (int again = 0; again < 2; again++) {
            const struct auth_exchange *x = again ? &second : &first;
            struct span line = put(text, rows[i].speaker, rows[i].which, x);
            cr_expect_eq(proves(line, rows[i].hearer, x), rows[i].proven, "row %zu", i);
            cr_expect_eq(proves(line, rows[i].hearer, again ? &first : &second), 0);
        }
    }
}

Test(auth, again_is_bound_to_its_number)
{
    char text[AUTH_LINE_BYTES_MAX];
    struct span line = put(text, OLD, 1, &second);
    struct auth_exchange third = second;
    third.again = 3;
    cr_expect_eq(memcmp(text, "AUTH 2 ", 7), 0);
    cr_expect_eq(proves(line, OLD, &second), 1);
    cr_expect_eq(proves(line, OLD, &third), 0);
    text[5] = '3';
    cr_expect_eq(proves(line, OLD, &third), 0, "the number is signed");
}

/* The longest has as many proofs as there are secrets; what has more proves nothing. */
Test(auth, has_at_most_so_many_proofs)
{
    static const char all[] = OLD "|" NEW "|" LEAKED "|one more of these";
    char text[AUTH_LINE_BYTES_MAX], longer[2 * AUTH_LINE_BYTES_MAX];
    struct auth_exchange longest = second;
    longest.again = UINT64_MAX;
    struct span line = put(text, all, 15, &longest);
    cr_expect_eq(line.len + 1, (size_t)AUTH_LINE_BYTES_MAX);
    cr_expect_eq(proves(line, all, &longest), 15);
    memcpy(longer, text, line.len);
    memcpy(longer + line.len, text + 25, 2 * AUTH_BYTES + 1);
    cr_expect_eq(proves((struct span){longer, line.len + 2 * AUTH_BYTES + 1}, all, &longest), 0);
}

Test(secrets, are_added_within_bounds)
{
    struct secrets s = {0};
    char text[SECRET_BYTES_MAX + 1];
    memset(text, 's', sizeof text);
    cr_expect_not(secrets_add(&s, (struct span){text, SECRET_BYTES_MIN - 1}));
    cr_expect_not(secrets_add(&s, (struct span){text, SECRET_BYTES_MAX + 1}));
    for (unsigned i = 0; i < SECRETS_MAX; i++) {
        cr_expect(secrets_add(&s, (struct span){text, SECRET_BYTES_MAX - i}));
        cr_expect(secrets_add(&s, (struct span){text, SECRET_BYTES_MAX - i}), "is there already");
    }
    cr_expect_eq(s.count, (unsigned)SECRETS_MAX);
    cr_expect_not(secrets_add(&s, (struct span){text, SECRET_BYTES_MIN}));
    cr_expect(secrets_add(&s, (struct span){text, SECRET_BYTES_MAX}), "it is there");
    cr_expect_eq(s.count, (unsigned)SECRETS_MAX);
}

Test(secrets, are_kept_by_what_they_are)
{
    struct secrets before = secrets_of(OLD "|" NEW "|" LEAKED), after = secrets_of(NEW "|" OLD);
    cr_expect_eq(secrets_kept(&before, &after, 7), 3);
    cr_expect_eq(secrets_kept(&before, &after, 1), 2);
    cr_expect_eq(secrets_kept(&before, &after, 2), 1);
    cr_expect_eq(secrets_kept(&before, &after, 4), 0);
    cr_expect_eq(secrets_kept(&before, &after, 0), 0);
}
