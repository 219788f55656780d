/* Secrets that change while links are up: who says AUTH again, who stays and who has to go. */
#include "unit/peering/goloman.h"

#define OLD "the old one of all"
#define NEW "the new one of all"

static struct side h; /* Hands, with the neighbours Goloman and Wilkes */

static void create_both(void)
{
    create();
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xaa, 1000);
    g.node.secrets = h.node.secrets = secrets_of(OLD);
}

static void destroy_both(void)
{
    destroy();
    side_close(&h);
}

TestSuite(proof, .init = create_both, .fini = destroy_both);

/* Lines that went each way since it was last asked. */
static unsigned auths_said;

static unsigned count_auths(const char *said)
{
    unsigned auths = 0;
    for (const char *at = said; (at = strstr(at, "AUTH ")); at++)
        auths += at == said || at[-1] == '\n';
    return auths;
}

static void shuttle(void)
{
    struct side *ends[] = {&g, &h};
    for (int quiet = 0; quiet < 2;)
        for (int i = 0; i < 2; i++) {
            const char *said = side_says(ends[i], 0);
            quiet = *said ? 0 : quiet + 1;
            auths_said += count_auths(said);
            (void)side_hears(ends[!i], 0, said);
        }
}

static void connect(const char *ours, const char *theirs)
{
    g.node.secrets = secrets_of(ours);
    h.node.secrets = secrets_of(theirs);
    side_begin(&g, 0, 0);
    side_begin(&h, 0, ACCEPTED);
    shuttle();
}

static void linked(void)
{
    cr_assert_eq(g.links[0].state, PEERING_LINKED, "%s", g.links[0].reason);
    cr_assert_eq(h.links[0].state, PEERING_LINKED, "%s", h.links[0].reason);
}

static void changes(struct side *s, const char *to)
{
    struct secrets before = s->node.secrets;
    s->node.secrets = secrets_of(to);
    peering_secrets_changed(&s->links[0], &before, now);
}

/* Time passes, and both ends speak; `silent` says nothing in it. */
static void pass_both_ms(int64_t ms)
{
    for (; ms > 0; ms -= 1000) {
        pass_ms(ms < 1000 ? ms : 1000);
        (void)!peering_tick(&g.links[0], now);
        (void)!peering_tick(&h.links[0], now);
        shuttle();
    }
}

Test(proof, two_link_exactly_if_they_have_a_secret_in_common)
{
    static const char *const lists[] = {
        OLD, NEW, OLD "|" NEW, NEW "|" OLD, "a third one of these", "a third one of these|" OLD};
    enum { LISTS = sizeof lists / sizeof *lists };
    static const bool common[LISTS][LISTS] = {
        {1, 0, 1, 1, 0, 1},
        {0, 1, 1, 1, 0, 0},
        {1, 1, 1, 1, 0, 1},
        {1, 1, 1, 1, 0, 1},
        {0, 0, 0, 0, 1, 1},
        {1, 0, 1, 1, 1, 1},
    };
    for (int a = 0; a < LISTS; a++)
        for (int b = 0; b < LISTS; b++) {
            connect(lists[a], lists[b]);
            enum peering_state is = common[a][b] ? PEERING_LINKED : PEERING_OVER;
            cr_expect_eq(g.links[0].state, is, "%s to %s", lists[a], lists[b]);
            cr_expect_eq(h.links[0].state, is, "%s to %s", lists[a], lists[b]);
        }
}

/* The four steps, at one end before the other in each; then time enough for anybody to be thrown
 * out. */
Test(proof, a_link_stays_through_the_change_of_a_secret)
{
    static const char *const steps[] = {OLD "|" NEW, NEW "|" OLD, NEW};
    connect(OLD, OLD);
    linked();
    for (int i = 0; i < 6; i++) {
        auths_said = 0;
        changes(i % 2 ? &g : &h, steps[i / 2]);
        shuttle();
        cr_expect_eq(auths_said, 2, "each end says it once: %u", auths_said);
        pass_both_ms(20000);
        linked();
        cr_expect_eq(g.links[0].proof.until_ns, NEVER_NS);
        cr_expect_eq(h.links[0].proof.until_ns, NEVER_NS);
    }
    cr_expect_eq(g.links[0].proof.said, 6);
    side_put(&g, "kiwi", 5);
    shuttle();
    cr_expect_eq(side_time(&h, "kiwi"), 5);
}

/* Straight from one to the other, which is no way to do it: there are 10 s for the other end. */
Test(proof, ten_seconds_are_left_to_change_the_other_end)
{
    connect(OLD, OLD);
    changes(&g, NEW);
    shuttle();
    pass_both_ms(PROOF_MS - 1);
    linked();
    changes(&h, NEW);
    shuttle();
    pass_both_ms(20000);
    linked();
}

Test(proof, both_may_change_at_the_same_moment)
{
    connect(OLD, OLD);
    for (int i = 0; i < 3; i++) {
        auths_said = 0;
        changes(&g, i % 2 ? OLD : NEW);
        changes(&h, i % 2 ? OLD : NEW);
        shuttle();
        cr_expect_eq(auths_said, 2);
        pass_both_ms(20000);
        linked();
    }
    cr_expect_eq(g.links[0].proof.heard, 3);
}

/* Two changes before a word is heard are one question. */
Test(proof, changes_that_follow_each_other_are_one)
{
    connect(OLD, OLD "|" NEW);
    auths_said = 0;
    changes(&g, OLD "|" NEW);
    changes(&g, NEW);
    shuttle();
    cr_expect_eq(auths_said, 2);
    pass_both_ms(20000);
    linked();
}

static void thrown_out(struct side *s)
{
    cr_expect_eq(s->links[0].state, PEERING_OVER);
    cr_expect_str_eq(s->links[0].reason, "proved by a secret that is listed no more");
}

Test(proof, whoever_has_only_the_old_one_is_thrown_out_after_ten_seconds)
{
    connect(OLD "|" NEW, OLD);
    changes(&g, NEW);
    shuttle();
    pass_both_ms(PROOF_MS - 1);
    linked();
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + MS_NS);
    pass_ms(1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_ENDED);
    says(0, "BYE proved by a secret that is listed no more\n");
    thrown_out(&g);
}

/* AUTH again as Hands says it to Goloman. */
static const char *auth_of_hands(const char *with, uint64_t n)
{
    static char text[AUTH_LINE_BYTES_MAX + 1];
    struct secrets secrets = secrets_of(with);
    struct hello mine = {.herd = SPAN("demo"), .from = SPAN("Goloman"), .boot = 0x60};
    memcpy(mine.nonce, g.links[0].nonce, NONCE_BYTES);
    struct hello hands = {.herd = SPAN("demo"), .from = SPAN("Hands"), .boot = 0xaa};
    memcpy(hands.nonce, g.links[0].theirs.nonce, NONCE_BYTES);
    struct auth_exchange x = {
        .role = HELLO_ACCEPTED, .speaker = &hands, .other = &mine, .again = n};
    struct buf out = buf_over(text, AUTH_LINE_BYTES_MAX);
    auth_put(&out, &secrets, 1, &x);
    text[out.len] = '\0';
    return text;
}

/* With what it repeats, and with what it makes up, it gains no time. */
Test(proof, wrong_ones_give_no_time)
{
    connect(OLD, OLD);
    changes(&g, NEW);
    (void)side_says(&g, 0);
    int64_t until_ns = g.links[0].proof.until_ns;
    cr_expect_eq(until_ns, now.mono_ns + PROOF_MS * MS_NS);
    for (uint64_t n = 1; n < 9; n++) {
        pass_ms(1000);
        cr_expect_eq(side_hears(&g, 0, auth_of_hands(OLD, n)), PEERING_NOTHING);
        (void)side_says(&g, 0);
        cr_expect_eq(g.links[0].proof.until_ns, until_ns);
    }
    cr_expect_eq(side_hears(&g, 0, auth_of_hands(NEW, 9)), PEERING_NOTHING);
    cr_expect_eq(g.links[0].proof.until_ns, NEVER_NS, "the right one counts at any time");
    cr_expect_eq(side_hears(&g, 0, auth_of_hands(OLD, 10)), PEERING_NOTHING);
    cr_expect_eq(g.links[0].proof.until_ns, now.mono_ns + PROOF_MS * MS_NS);
}

Test(proof, a_number_comes_once_and_in_order)
{
    static const uint64_t bad[] = {0, 1, 3, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        connect(OLD, OLD);
        changes(&g, NEW "|" OLD);
        shuttle();
        linked();
        char line[AUTH_LINE_BYTES_MAX + 1];
        strcpy(line, auth_of_hands(OLD, bad[i] ? bad[i] : 1));
        if (!bad[i])
            line[5] = '0';
        cr_expect_eq(side_hears(&g, 0, line), PEERING_ENDED, "row %zu", i);
        cr_expect_str_eq(g.links[0].reason, "AUTH with a bad number");
    }
    connect(OLD, OLD);
    cr_expect_eq(side_hears(&g, 0, "AUTH x\n"), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "AUTH with a bad number");
}

/* -- an end of an older version ---------------------------------------------------------------- */

#define HELLO_OLD                                                                            \
    "HELLO stampede/1 herd=demo from=Hands to=Goloman boot=00000000000000aa nonce=" ONES " " \
    "have=0000000000000000:0 auth=hmac-sha256\n"

/* Its first AUTH. */
static const char *first_of_hands(const char *with, enum hello_role role)
{
    static char text[AUTH_LINE_BYTES + 1];
    struct secrets secrets = secrets_of(with);
    struct hello mine = {.herd = SPAN("demo"), .from = SPAN("Goloman"), .boot = 0x60};
    struct hello hands = {.herd = SPAN("demo"), .from = SPAN("Hands"), .boot = 0xaa};
    memcpy(mine.nonce, g.links[0].nonce, NONCE_BYTES);
    memset(hands.nonce, 0x11, NONCE_BYTES);
    struct auth_exchange x = {.role = role, .speaker = &hands, .other = &mine};
    struct buf out = buf_over(text, AUTH_LINE_BYTES);
    auth_put(&out, &secrets, 1, &x);
    text[out.len] = '\0';
    return text;
}

/* What Goloman says in its AUTH is one proof, of `with`. */
static void proves_itself_with(const char *said, const char *with)
{
    struct secrets secrets = secrets_of(with);
    struct hello mine = {.herd = SPAN("demo"), .from = SPAN("Goloman"), .boot = 0x60};
    memcpy(mine.nonce, g.links[0].nonce, NONCE_BYTES);
    struct auth_exchange x = {
        .role = g.links[0].role, .speaker = &mine, .other = &g.links[0].theirs};
    const char *auth = strstr(said, "AUTH ");
    cr_assert(auth && strlen(auth) >= AUTH_LINE_BYTES, "%s", said);
    cr_expect_eq(auth[AUTH_LINE_BYTES - 1], '\n', "%s", auth);
    cr_expect_eq(
        auth_proves((struct span){auth, AUTH_LINE_BYTES - 1}, &secrets, &x), 1, "%s", said);
}

Test(proof, an_older_end_is_answered_with_its_own_secret)
{
    static const char *const lists[] = {OLD "|" NEW, NEW "|" OLD};
    for (int i = 0; i < 4; i++) {
        bool dials = i / 2;
        g.node.secrets = secrets_of(lists[i % 2]);
        side_begin(&g, 0, dials ? HANDS : ACCEPTED);
        if (dials)
            cr_expect_not_null(strstr(side_says(&g, 0), " secrets=1"));
        cr_expect_eq(side_hears(&g, 0, HELLO_OLD), PEERING_NOTHING);
        cr_expect_null(strstr(side_says(&g, 0), "AUTH"), "it waits for the other's");
        cr_expect_eq(side_hears(&g, 0, first_of_hands(OLD, dials ? HELLO_ACCEPTED : HELLO_DIALLED)),
            PEERING_UP);
        proves_itself_with(side_says(&g, 0), OLD);
    }
}

Test(proof, an_older_end_that_waits_gets_the_first_secret)
{
    g.node.secrets = secrets_of(NEW "|" OLD);
    side_begin(&g, 0, ACCEPTED);
    int64_t opened_ns = now.mono_ns;
    pass_ms(100);
    (void)side_hears(&g, 0, HELLO_OLD);
    cr_expect_null(strstr(side_says(&g, 0), "AUTH"));
    cr_expect_eq(peering_pull_ns(&g.links[0]), opened_ns + PROOF_WAIT_MS * MS_NS);
    pass_ms(PROOF_WAIT_MS - 100);
    proves_itself_with(side_says(&g, 0), NEW);
    cr_expect_eq(side_hears(&g, 0, first_of_hands(NEW, HELLO_DIALLED)), PEERING_UP);
    says(0, "");
}

Test(proof, an_older_end_is_not_asked_again_but_goes_with_its_secret)
{
    g.node.secrets = secrets_of(OLD);
    side_begin(&g, 0, ACCEPTED);
    (void)side_hears(&g, 0, HELLO_OLD);
    proves_itself_with(side_says(&g, 0), OLD);
    cr_expect_eq(side_hears(&g, 0, first_of_hands(OLD, HELLO_DIALLED)), PEERING_UP);
    changes(&g, NEW "|" OLD);
    says(0, "");
    pass_ms(2000);
    cr_expect_eq(g.links[0].proof.until_ns, NEVER_NS);
    changes(&g, NEW);
    says(0, "");
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 1000 * MS_NS, "its PING");
    for (int i = 0; i < 9; i++) {
        pass_ms(1000);
        hears(0, "ACK 0\n");
        cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
        (void)side_says(&g, 0);
    }
    pass_ms(1000);
    hears(0, "ACK 0\n");
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_ENDED);
    thrown_out(&g);
}

/* Whatever the other end has not been heard to prove does not matter in the handshake. */
Test(proof, secrets_that_change_in_the_handshake_count_at_once)
{
    g.node.secrets = secrets_of(OLD);
    side_begin(&g, 0, ACCEPTED);
    (void)side_hears(&g, 0, HELLO_OLD);
    changes(&g, NEW);
    cr_expect_eq(side_hears(&g, 0, first_of_hands(OLD, HELLO_DIALLED)), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "AUTH is wrong: the secrets differ");
    g.node.secrets = secrets_of(OLD);
    side_begin(&g, 0, ACCEPTED);
    (void)side_hears(&g, 0, HELLO_OLD);
    changes(&g, NEW "|" OLD);
    cr_expect_eq(side_hears(&g, 0, first_of_hands(OLD, HELLO_DIALLED)), PEERING_UP);
    proves_itself_with(side_says(&g, 0), OLD);
}

/* Its own first AUTH finds no room, and then its secrets change: it still goes before all else. */
Test(proof, a_first_auth_that_found_no_room_still_goes_first)
{
    for (int i = 0; i < 2; i++) {
        g.node.secrets = secrets_of(OLD "|" NEW);
        side_begin(&g, 0, ACCEPTED);
        (void)side_hears(&g, 0, HELLO_OLD);
        side_put(&g, "kiwi", 100 + i);
        cr_expect_eq(side_hears(&g, 0, first_of_hands(OLD, HELLO_DIALLED)), PEERING_UP);
        changes(&g, i ? NEW : OLD);
        const char *said = side_says(&g, 0);
        const char *auth = strstr(said, "\nAUTH "), *at = strstr(said, "\nAT ");
        cr_assert(auth && at && auth < at, "%s", said);
    }
}
