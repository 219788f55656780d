/* HELLO and AUTH at one end, right ones and each kind of wrong one. */
#include "core/tls/tls.h"
#include "unit/peering/goloman.h"

TestSuite(handshake, .init = create, .fini = destroy);

#define ZEROS "00000000000000000000000000000000"
#define AT(id, time, list) "AT Welsh +0.500000000 " id " +34.0-118.0 " time " " list "\n"

Test(handshake, the_dialling_end_speaks_first)
{
    side_begin(&g, 0, HANDS);
    const char *said = side_says(&g, 0);
    static const char head[] = "HELLO stampede/1 herd=demo from=Goloman to=Hands "
                               "boot=0000000000000060 nonce=";
    cr_expect(strncmp(said, head, sizeof head - 1) == 0, "%s", said);
    cr_expect_str_eq(said + sizeof head - 1 + 32, " have=0000000000000000:0 stop=1\n");
    says(0, "");
    cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_UP);
    cr_expect_eq(g.links[0].peer, &g.peers[HANDS]);
    says(0, "");
}

Test(handshake, the_accepting_end_answers)
{
    side_begin(&g, 0, ACCEPTED);
    says(0, "");
    cr_expect_eq(side_hears(&g, 0, HELLO_WILKES), PEERING_UP);
    cr_expect_eq(g.links[0].peer, &g.peers[WILKES]);
    const char *said = side_says(&g, 0);
    cr_expect(
        strncmp(said, "HELLO stampede/1 herd=demo from=Goloman to=Wilkes ", 50) == 0, "%s", said);
}

Test(handshake, each_wrong_hello_has_its_reason)
{
    static const struct {
        int peer;
        const char *line, *bye;
    } rows[] = {
        {ACCEPTED, "HELLO stampede/2\n", "HELLO of another version than stampede/1"},
        {ACCEPTED, "\n", "no HELLO"},
        {ACCEPTED, "GET / HTTP/1.1\r\n", "no HELLO"},
        {ACCEPTED, AT("kiwi", "1", "Hands"), "no HELLO"},
        {ACCEPTED, "AUTH " ZEROS ZEROS "\n", "no HELLO"},
        {ACCEPTED, "MARK 1\n", "no HELLO"},
        {ACCEPTED, "STATUS\n", "no HELLO"},
        {ACCEPTED, "HELLO stampede/1 herd=demo\n", "HELLO without from"},
        {ACCEPTED,
            "HELLO stampede/1 herd=te\xc3\xa9st from=Hands to=Goloman boot=" BOOT_A " nonce=" ONES
            " have=" NONE "\n",
            "this herd is demo, not te??st"},
        {ACCEPTED,
            "HELLO stampede/1 herd=demo from=Hands to=Holiday boot=" BOOT_A " nonce=" ONES
            " have=" NONE "\n",
            "this is Goloman, not Holiday"},
        {ACCEPTED,
            "HELLO stampede/1 herd=demo from=Hands to=- boot=" BOOT_A " nonce=" ONES " have=" NONE
            "\n",
            "this is Goloman, not -"},
        {ACCEPTED, HELLO_OF("Welsh", BOOT_A, NONE), "Goloman's topology.conf does not name Welsh"},
        {ACCEPTED, HELLO_OF("Goloman", BOOT_A, NONE), "Goloman talks to itself"},
        {ACCEPTED, HELLO_OF("Hands", "0000000000000060", NONE), "Goloman talks to itself"},
        {HANDS, HELLO_OF("Goloman", BOOT_A, NONE), "Goloman talks to itself"},
        {HANDS, HELLO_WILKES, "dialled Hands, found Wilkes"},
        {HANDS, HELLO_OF("Welsh", BOOT_A, NONE), "dialled Hands, found Welsh"},
        {HANDS, HELLO_OF("-", BOOT_A, NONE), "dialled Hands, found -"},
        {HANDS,
            "HELLO stampede/1 herd=demo from=Hands to=Wilkes boot=" BOOT_A " nonce=" ONES
            " have=" NONE "\n",
            "this is Goloman, not Wilkes"},
        {HANDS, "HTTP/1.1 400 Bad Request\r\n", "no HELLO"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        side_begin(&g, 0, rows[i].peer);
        if (rows[i].peer != ACCEPTED)
            (void)side_says(&g, 0);
        cr_expect_eq(side_hears(&g, 0, rows[i].line), PEERING_ENDED, "row %zu", i);
        cr_expect_eq(g.links[0].state, PEERING_OVER);
        cr_expect_str_eq(g.links[0].reason, rows[i].bye);
        char bye[300];
        sprintf(bye, "BYE %s\n", rows[i].bye);
        says(0, bye);
        says(0, "");
        cr_expect_eq(side_hears(&g, 0, HELLO_HANDS AT("kiwi", "1", "Hands")), PEERING_NOTHING);
    }
    cr_expect_eq(store_change(g.node.store), 0);
    cr_expect_eq(g.peers[HANDS].boot, 0);
}

/* The neighbours in a block of exactly their size, so that a look behind it is seen. */
Test(handshake, a_strangers_name_is_sought_among_the_neighbours_only)
{
    struct peer *peers = malloc(sizeof g.peers);
    memcpy(peers, g.peers, sizeof g.peers);
    g.node.peers = peers;
    side_begin(&g, 0, ACCEPTED);
    cr_expect_eq(side_hears(&g, 0, HELLO_OF("Welsh", BOOT_A, NONE)), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "Goloman's topology.conf does not name Welsh");
    free(peers);
}

Test(handshake, a_mirrored_nonce_is_oneself)
{
    side_begin(&g, 0, HANDS);
    (void)side_says(&g, 0);
    memset(g.links[0].nonce, 0x11, NONCE_BYTES);
    cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "Goloman talks to itself");
}

Test(handshake, a_bye_is_kept_printable_and_short_in_every_state)
{
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"BYE\n", "BYE without a reason"},
        {"BYE \n", "BYE without a reason"},
        {"BYE duplicate of another link\n", PEERING_DUPLICATE},
        {"BYE a\x01\x1b[2Jb\xff\x7f\r\n", "a??[2Jb??"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int state = 0; state < 3; state++) {
            g.node.secrets = secrets_of(state == PEERING_AUTH ? "sixteen bytes ok" : "");
            side_begin(&g, 0, ACCEPTED);
            if (state)
                (void)side_hears(&g, 0, HELLO_HANDS);
            cr_assert_eq(g.links[0].state, (enum peering_state)state);
            cr_expect_eq(side_hears(&g, 0, rows[i].line), PEERING_ENDED);
            cr_expect_str_eq(g.links[0].reason, rows[i].reason);
            says(0, "");
        }
    char longest[1000] = "BYE ";
    memset(longest + 4, 'x', sizeof longest - 6);
    longest[sizeof longest - 2] = '\n';
    side_begin(&g, 0, ACCEPTED);
    cr_expect_eq(side_hears(&g, 0, longest), PEERING_ENDED);
    cr_expect_eq(strlen(g.links[0].reason), (size_t)PEERING_REASON_BYTES_MAX);
}

/* -- AUTH -------------------------------------------------------------------------------------- */

/* AUTH as Hands says it on link 0, whose end here it has heard HELLO from. */
static const char *auth_of_hands(const char *secret, enum hello_role role)
{
    static char text[AUTH_LINE_BYTES + 1];
    struct hello hands = {.herd = SPAN("demo"), .from = SPAN("Hands"), .boot = 0xaa};
    struct hello mine = {.herd = SPAN("demo"), .from = SPAN("Goloman"), .boot = 0x60};
    memset(hands.nonce, 0x11, NONCE_BYTES);
    memcpy(mine.nonce, g.links[0].nonce, NONCE_BYTES);
    struct buf out = buf_over(text, AUTH_LINE_BYTES);
    struct secrets with = secrets_of(secret);
    struct auth_exchange x = {.role = role, .speaker = &hands, .other = &mine};
    auth_put(&out, &with, 1, &x);
    cr_assert_eq(out.len, (size_t)AUTH_LINE_BYTES);
    return text;
}

/* Ready for AUTH; what it said so far is in the result. */
static const char *wait_for_auth(int peer)
{
    static char said[1024];
    g.node.secrets = secrets_of("sixteen bytes ok");
    side_begin(&g, 0, peer);
    strcpy(said, side_says(&g, 0));
    cr_assert_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_NOTHING);
    cr_assert_eq(g.links[0].state, PEERING_AUTH);
    return strcat(said, side_says(&g, 0));
}

Test(handshake, with_a_secret_both_say_auth_and_only_then_stamps)
{
    side_put(&g, "kiwi", 100);
    for (int peer = ACCEPTED; peer <= HANDS; peer++) {
        const char *said = wait_for_auth(peer);
        const char *auth = strstr(said, "\nAUTH ");
        cr_assert(auth && strncmp(said, "HELLO ", 6) == 0, "%s", said);
        cr_expect_eq(strlen(auth + 1), (size_t)AUTH_LINE_BYTES, "nothing follows it: %s", said);
        says(0, "");
        enum hello_role theirs = peer == ACCEPTED ? HELLO_DIALLED : HELLO_ACCEPTED;
        cr_expect_eq(side_hears(&g, 0, auth_of_hands("sixteen bytes ok", theirs)), PEERING_UP);
        says(0, OWN("kiwi", "100", "Goloman") "MARK 1\n");
    }
}

/* Hello, AUTH and stamps of the other end in one go, before anything of ours went out. */
Test(handshake, the_own_opening_still_goes_first)
{
    g.node.secrets = secrets_of("sixteen bytes ok");
    side_put(&g, "kiwi", 100);
    side_begin(&g, 0, HANDS);
    char text[1024] = HELLO_HANDS;
    strcat(text, auth_of_hands("sixteen bytes ok", HELLO_ACCEPTED));
    strcat(text, AT("plum", "5", "Hands") "MARK 1\n");
    cr_expect_eq(side_hears(&g, 0, text), PEERING_UP);
    cr_expect_eq(side_time(&g, "plum"), 5);
    const char *said = side_says(&g, 0);
    const char *auth = strstr(said, "\nAUTH "), *at = strstr(said, "\nAT "),
               *mark = strstr(said, "\nMARK 2\nACK 1\n");
    cr_expect(strncmp(said, "HELLO ", 6) == 0 && auth && at && mark && auth < at && at < mark, "%s",
        said);
}

Test(handshake, wrong_auth_ends_it_and_touches_nothing)
{
    static char replayed[AUTH_LINE_BYTES + 1], mirrored[AUTH_LINE_BYTES + 1];
    (void)wait_for_auth(ACCEPTED);
    strcpy(replayed, auth_of_hands("sixteen bytes ok", HELLO_DIALLED)); /* of the link before */
    for (int row = 0; row < 9; row++) {
        const char *said = wait_for_auth(ACCEPTED);
        strcpy(mirrored, strstr(said, "AUTH "));
        const char *const lines[] = {
            replayed,
            mirrored,
            row == 2 ? auth_of_hands("sixteen bytes ok", HELLO_ACCEPTED) : "",
            "AUTH " ZEROS ZEROS "\n",
            "AUTH\n",
            "AUTH \n",
            "AUTH " ZEROS "\n",
            AT("kiwi", "1", "Hands"),
            row == 8 ? auth_of_hands("sixteen bytes no", HELLO_DIALLED) : "",
        };
        cr_expect_eq(side_hears(&g, 0, lines[row]), PEERING_ENDED, "row %d", row);
        bool none = row == 4 || row == 7;
        says(0, none ? "BYE this node wants AUTH\n" : "BYE AUTH is wrong: the secrets differ\n");
        cr_expect_eq(side_hears(&g, 0, AT("kiwi", "1", "Hands")), PEERING_NOTHING);
    }
    cr_expect_eq(store_change(g.node.store), 0);
    cr_expect_eq(g.peers[HANDS].boot, 0);
    cr_expect_eq(g.peers[HANDS].have_change, 0);
}

Test(handshake, a_secret_on_one_side_only_is_said_clearly)
{
    (void)wait_for_auth(HANDS);
    cr_expect_eq(side_hears(&g, 0, "PING 1 0 0000000000000000\n"), PEERING_ENDED);
    says(0, "BYE this node wants AUTH\n");
    g.node.secrets = secrets_of("");
    link_hands();
    cr_expect_eq(side_hears(&g, 0, "AUTH " ZEROS ZEROS "\n"), PEERING_ENDED);
    says(0, "BYE this node has no secret, its peer wants AUTH\n");
}

/* -- from secret to TLS ------------------------------------------------------------------------ */

#define HELLO_WITH(from, more)                                                        \
    "HELLO stampede/1 herd=demo from=" from " to=Goloman boot=" BOOT_A " nonce=" ONES \
    " have=" NONE more "\n"

static const struct tls_names certified = {.count = 1, .each = {"Hands"}};

static void begin_either(int peer, bool tls)
{
    g.node.secrets = secrets_of("sixteen bytes ok");
    g.node.also_secret = true;
    side_begin(&g, 0, peer);
    g.links[0].certified = tls ? &certified : NULL;
}

Test(handshake, where_either_will_do_a_plain_link_says_so_and_wants_auth)
{
    begin_either(HANDS, false);
    const char *said = side_says(&g, 0);
    cr_expect(strstr(said, " tls=1") && strstr(said, " auth="), "%s", said);
    cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_NOTHING);
    cr_expect_eq(g.links[0].state, PEERING_AUTH);
    begin_either(ACCEPTED, false);
    cr_expect_eq(side_hears(&g, 0, HELLO_HANDS "MARK 1\n"), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "this node wants AUTH");
}

Test(handshake, two_ends_that_take_tls_have_no_plain_link)
{
    for (int peer = ACCEPTED; peer <= HANDS; peer++) {
        begin_either(peer, false);
        (void)side_says(&g, 0);
        cr_expect_eq(side_hears(&g, 0, HELLO_WITH("Hands", " tls=1")), PEERING_ENDED);
        says(0, "BYE this link goes over TLS\n");
        g.node.also_secret = false; /* to any other node it says nothing */
        side_begin(&g, 0, peer);
        cr_expect_eq(side_hears(&g, 0, HELLO_WITH("Hands", " tls=1")), PEERING_NOTHING);
        cr_expect_null(strstr(side_says(&g, 0), " tls=1"));
    }
}

Test(handshake, where_either_will_do_tls_goes_without_auth_unless_the_other_says_it)
{
    for (int peer = ACCEPTED; peer <= HANDS; peer++) {
        begin_either(peer, true);
        cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_UP);
        const char *said = side_says(&g, 0);
        cr_expect(!strstr(said, " tls=1") && !strstr(said, "auth="), "%s", said);
        cr_expect_null(strstr(said, "AUTH"), "%s", said);
        cr_expect_eq(side_hears(&g, 0, "AUTH " ZEROS ZEROS "\n"), PEERING_ENDED);
        begin_either(peer, true);
        cr_expect_eq(side_hears(&g, 0, HELLO_WITH("Hands", " auth=hmac-sha256")), PEERING_NOTHING);
        cr_expect_not_null(strstr(side_says(&g, 0), "\nAUTH "));
        cr_expect_eq(side_hears(&g, 0, "MARK 1\n"), PEERING_ENDED);
        cr_expect_str_eq(g.links[0].reason, "this node wants AUTH");
    }
    begin_either(ACCEPTED, true);
    cr_expect_eq(side_hears(&g, 0, HELLO_WILKES), PEERING_ENDED, "a certificate still counts");
    g.node.also_secret = false; /* where both are configured, both are done */
    side_begin(&g, 0, ACCEPTED);
    g.links[0].certified = &certified;
    cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_NOTHING);
    cr_expect_eq(g.links[0].state, PEERING_AUTH);
}

/* An operator's certificate, and one that is a node's as well. */
static const struct tls_names of_anna = {.count = 2, .each = {"anna.example.org", "ops-anna"}};
static const struct tls_names of_both = {.count = 2, .each = {"Hands", "ops-anna"}};

static void begin_operator(int peer, const struct tls_names *names)
{
    g.node.secrets = secrets_of("sixteen bytes ok");
    g.node.operators = SPAN("ops-*");
    side_begin(&g, 0, peer);
    g.links[0].certified = names;
}

Test(handshake, an_operators_certificate_proves_no_node)
{
    for (int peer = ACCEPTED; peer <= HANDS; peer++) {
        begin_operator(peer, &of_anna);
        (void)side_says(&g, 0);
        cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_ENDED);
        says(0, "BYE the certificate is an operator's\n");
        begin_operator(peer, &of_both);
        cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_ENDED);
        cr_expect_str_eq(g.links[0].reason, "the certificate is an operator's");
        g.node.operators = SPAN("");
        side_begin(&g, 0, peer);
        g.links[0].certified = &of_both;
        cr_expect_eq(side_hears(&g, 0, HELLO_HANDS), PEERING_NOTHING, "AUTH is to follow");
    }
}

Test(handshake, an_operator_needs_no_secret)
{
    begin_operator(ACCEPTED, &of_both);
    cr_expect_eq(side_hears(&g, 0, HELLO_WITH("-", "")), PEERING_UP);
    cr_expect(certified_operator(&g.links[0]) && !certified_proves_too_little(&g.links[0]));
    const char *said = side_says(&g, 0);
    cr_expect_null(strstr(said, " auth="), "%s", said);
    cr_expect_null(strstr(said, "AUTH"), "%s", said);
    cr_expect_eq(side_hears(&g, 0, "DRAIN 0 0\n"), PEERING_ASKED);
    begin_operator(ACCEPTED, &of_anna); /* who says that he proves himself has to */
    cr_expect_eq(side_hears(&g, 0, HELLO_WITH("-", " auth=hmac-sha256")), PEERING_NOTHING);
    cr_expect_not_null(strstr(side_says(&g, 0), "\nAUTH "));
    cr_expect_eq(side_hears(&g, 0, "STATUS\n"), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "this node wants AUTH");
    begin_operator(ACCEPTED, &certified);
    cr_expect_eq(side_hears(&g, 0, HELLO_WITH("-", "")), PEERING_NOTHING, "that of a node does");
    cr_expect_not_null(strstr(side_says(&g, 0), " auth="));
    cr_expect_eq(side_hears(&g, 0, "STATUS\n"), PEERING_ENDED);
}

Test(handshake, an_operator_is_none_after_a_reload_that_says_so)
{
    begin_operator(ACCEPTED, &of_anna);
    cr_expect_eq(side_hears(&g, 0, HELLO_WITH("-", "")), PEERING_UP);
    g.node.operators = SPAN("ops-b*");
    cr_expect(!certified_operator(&g.links[0]) && certified_proves_too_little(&g.links[0]));
    g.node.secrets = secrets_of("");
    cr_expect(!certified_proves_too_little(&g.links[0]));
}

Test(handshake, an_observer_comes_by_either)
{
    begin_either(ACCEPTED, false);
    cr_expect_eq(side_hears(&g, 0, HELLO_WITH("-", "")), PEERING_NOTHING);
    cr_expect_null(strstr(side_says(&g, 0), " tls=1"));
    cr_expect_eq(side_hears(&g, 0, "STATUS\n"), PEERING_ENDED);
    begin_either(ACCEPTED, true);
    cr_expect_eq(side_hears(&g, 0, HELLO_WITH("-", "")), PEERING_UP);
    cr_expect_eq(side_hears(&g, 0, "STATUS\n"), PEERING_ASKED);
}
