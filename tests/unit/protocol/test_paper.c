/* test_paper.c — the worked examples of PROTOCOL.md are what the core computes.
 *
 * Whoever writes another node checks himself against these numbers. Each is computed here from the
 * example's input and looked for in the text, so that neither can change without the other. */
#include "core/protocol/auth.h"
#include "core/protocol/stamp.h"
#include "unit/secrets.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

enum { PAPER_BYTES_MAX = 1 << 18, LINE_BYTES_MAX = 1024 };

/* The text with every run of white space made one space: its lines may be broken anywhere. */
static const char *paper(void)
{
    static char text[PAPER_BYTES_MAX];
    if (*text)
        return text;
    FILE *f = fopen(PROTOCOL_MD, "r");
    cr_assert(f, "%s", PROTOCOL_MD);
    size_t len = 0;
    for (int c; (c = fgetc(f)) != EOF && len < sizeof text - 1;)
        if (c != '\n' && c != ' ')
            text[len++] = (char)c;
        else if (len && text[len - 1] != ' ')
            text[len++] = ' ';
    fclose(f);
    cr_assert(len > 0 && len < sizeof text - 1);
    return text;
}

static void expect_in_paper(struct span words)
{
    cr_expect(strstr(paper(), words.at), "PROTOCOL.md does not say \"%s\"", words.at);
}

static void expect_hex(uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "`%016" PRIx64 "`", value);
    expect_in_paper(span_of(text));
}

static struct stamp stamp_of(
    const char *origin, const char *skew, const char *id, const char *position, const char *time)
{
    const struct span fields[6] = {
        SPAN("AT"), span_of(origin), span_of(skew), span_of(id), span_of(position), span_of(time)};
    struct stamp s;
    cr_assert(stamp_parse(fields, &s));
    return s;
}

/* The AT line, and its hash behind it. */
static uint64_t expect_stamp(const struct stamp *s)
{
    char memory[LINE_BYTES_MAX];
    struct buf line = buf_over(memory, sizeof memory);
    uint64_t hash = stamp_hash(s);
    stamp_at_put(&line, s);
    buf_byte(&line, ' ');
    buf_hex(&line, hash, 16);
    buf_byte(&line, '\0');
    cr_assert(!line.overflow);
    expect_in_paper(buf_span(&line));
    return hash;
}

Test(paper, hashes_and_digests)
{
    const struct stamp first = stamp_of("Goloman", "+0.263873386", "kiwi.cs.ucla.edu",
                           "+34.068930-118.445127", "1614209128.918963997"),
                       second = stamp_of("Hands", "-1.500000000", "ab", "+1-1", "2.5"),
                       third = stamp_of("Wilkes", "+0.000000000",
                           "p\xc3\xa9"
                           "car",
                           "-90+180", "0001.50"),
                       fourth = stamp_of("Holidays", "+0.000000001", "kiwi.cs.u", "+12.5-7.25",
                           "12345678.500000");
    uint64_t digest = expect_stamp(&first) + expect_stamp(&second);
    expect_hex(digest);
    expect_hex(digest + expect_stamp(&third));
    expect_stamp(&fourth);
}

static struct hello hello_of(struct span from, struct span to, uint64_t boot, unsigned nonce)
{
    struct hello h = {.herd = SPAN("demo"), .from = from, .to = to, .boot = boot, .auth = true};
    for (unsigned i = 0; i < NONCE_BYTES; i++)
        h.nonce[i] = (unsigned char)(nonce + i);
    return h;
}

static void expect_line(struct buf *line)
{
    cr_assert(!line->overflow && line->at[line->len - 1] == '\n');
    line->at[line->len - 1] = '\0';
    expect_in_paper(buf_span(line));
    line->len = 0;
}

Test(paper, hello_and_auth)
{
    const struct secrets secret = secrets_of("sixteen bytes or more");
    struct hello hands = hello_of(SPAN("Hands"), SPAN("Goloman"), UINT64_C(0x0123456789abcdef), 0);
    struct hello goloman =
        hello_of(SPAN("Goloman"), SPAN("Hands"), UINT64_C(0xfedcba9876543211), 0xf0);
    goloman.lazy = true;
    goloman.have_boot = hands.boot;
    goloman.have_change = 42;
    char memory[LINE_BYTES_MAX];
    struct buf line = buf_over(memory, sizeof memory);
    hello_put(&line, &hands);
    expect_line(&line);
    hello_put(&line, &goloman);
    expect_line(&line);
    auth_put(&line, &secret, 1,
        &(struct auth_exchange){.role = HELLO_DIALLED, .speaker = &hands, .other = &goloman});
    expect_line(&line);
    auth_put(&line, &secret, 1,
        &(struct auth_exchange){.role = HELLO_ACCEPTED, .speaker = &goloman, .other = &hands});
    expect_line(&line);
    expect_in_paper(SPAN("Secret `sixteen bytes or more`"));
}
