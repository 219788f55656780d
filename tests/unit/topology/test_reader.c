/* test_reader.c — the syntax of topology.conf, and what is said when it is broken: one mistake is
 * told once, where it is, and the mistakes after it are told all the same. */
#include "unit/topology/side.h"
#include <criterion/redirect.h>

/* Three mistakes of meaning that every broken file must be told of, too. */
#define MORE "limits { lin = 1KiB output = 5 }\nclient_close = rely\n"
#define MORE_SAID(a, b)                                                           \
    "f:" a ": \"lin\" is no key of limits; did you mean \"line\"?\n"              \
    "f:" a ": limits.output cannot be 5; it is at least 16KiB and at most 1GiB\n" \
    "f:" b ": client_close cannot be \"rely\"; did you mean reply?\n"

#define MISSING_BEFORE(line, word, begin)                                                         \
    "f:" line ": a \"}\" is missing before \"" word "\": sections do not nest, and the one that " \
    "begins in line " begin " is not closed\n"

Test(reader, accepts)
{
    static const struct row rows[] = {
        {HERD A "}\n", ""},
        {"herd = 'demo'" A "}", ""},
        {"\"herd\" = demo 'node' \"Ann\" { 'client' = \"127.0.0.1:1\" peer = '127.0.0.1:2' }", ""},
        {"\xef\xbb\xbf" HERD A "}\r\n", ""},
        {"herd\n=\n\ndemo\r\n\tnode\nAnn\n{ client\r= \"127.0.0.1:1\" peer =\n\"127.0.0.1:2\"}",
            ""},
        {"log_level =\ninfo limits { }" HERD A "}", ""},
        {HERD A "talks_to = Bob }\n" B "}\n", ""},
        {HERD A "talks_to = {Bob} }\n" B "talks_to = {Ann} }\n", ""},
        {HERD A "talks_to = {Bob,\n Bob,} talks_to += {Cid} }\n" B "talks_to+=Cid}\n" C "}\n", ""},
        {HERD "limits {\n line = 8192\n}\nlimits { idle = 1s }\n" A "talks_to = {} }\n", ""},
        {HERD "limits{}places{}tls{}" A "}", ""},
        {HERD "# ${HOME} \"\n/* \" ' { */ // }\n" A "} # the end", ""},
        {HERD "/**/ # */\n" A "}/***/", ""},
        {HERD "log_file = /var//log/herd.log // and it's a comment\n" A "}\n", ""},
        {HERD "log_file = \"a\" # don't\nsecret_file = 'b' /* \"\n' */\n" A "}", ""},
        {HERD "log_file = $HOME/a\\b;c\xc3\xa4\n" A "}", ""},
        {HERD "log_file = \"it's\" secret_file = 'a \"b\"'\n" A "}", ""},
    };
    CHECK_ROWS(rows);
}

Test(reader, missing_braces)
{
    static const struct row rows[] = {
        {HERD "node Ann {\n client = \"127.0.0.1:1\"\n peer = \"127.0.0.1:2\"\n\n"
              "tls { ca_file = a cert_file = b key_file = c }\n" MORE,
            MISSING_BEFORE("6", "tls", "2") MORE_SAID("7", "8")},
        {HERD A "\n\n" B "talks_to = Ann }\n" MORE,
            MISSING_BEFORE("4", "node", "2") MORE_SAID("5", "6")},
        {HERD A "\n" B "talks_to = Ann\n" MORE, MISSING_BEFORE("3", "node", "2") MISSING_BEFORE(
                                                    "4", "limits", "3") MORE_SAID("4", "5")},
        {HERD A "limits { line = 9KiB }\n}\n" MORE,
            MISSING_BEFORE("2", "limits", "2") "f:2: limits.line cannot be 9KiB; it is at least "
                                               "64B and at most 8KiB\n" MORE_SAID("4", "5")},
        {HERD A "talks_to = {Bob\n}\n" B "}\n" MORE,
            MISSING_BEFORE("4", "node", "2") MORE_SAID("5", "6")},
        {HERD A "talks_to = {Bob\n client = x\n}\n" B "}\n" MORE,
            "f:2: the list that begins in this line is not closed; a \"}\" is missing\n"
            "f:3: Ann's client is given twice, in line 2 already\n" MORE_SAID("6", "7")},
        {HERD A "\n" MORE "}\n", MISSING_BEFORE("3", "limits", "2") MORE_SAID("3", "4")},
        {MORE HERD A "\n",
            MORE_SAID("1", "2") "f:4: the \"{\" in this line is not closed; a \"}\" is missing\n"},
        {HERD A "}\n}\n" MORE, "f:3: this \"}\" closes nothing\n" MORE_SAID("4", "5")},
        {HERD A "}\n}\n}\n" MORE,
            "f:3: this \"}\" closes nothing\nf:4: this \"}\" closes nothing\n" MORE_SAID("5", "6")},
        {HERD A "limits { }\n}\n}\n" MORE,
            MISSING_BEFORE("2", "limits", "2") "f:4: this \"}\" closes nothing\n" MORE_SAID(
                "5", "6")},
        {HERD "node Ann\n client = \"127.0.0.1:1\" peer = \"127.0.0.1:2\"\n}\n" MORE,
            "f:2: a \"{\" is missing after node and its name\n" MORE_SAID("5", "6")},
        {HERD A "}\n places\n provider = oracle\n}\n" MORE,
            "f:3: a \"{\" is missing after places\n"
            "f:4: places.provider cannot be \"oracle\"; it can be gazetteer, google or "
            "google_legacy\n" MORE_SAID("6", "7")},
        {HERD A "}\nnode", "f:3: a name is missing after node, like: node Goloman {\n"},
        {HERD A "}\nnode Bob", "f:3: a \"{\" is missing after node and its name\n"},
        {HERD A "}\nfoo {\n a = { }\n" MORE,
            "f:3: \"foo\" is no key of the top level; there are " TOP_KEYS MORE_SAID("5", "6")},
    };
    CHECK_ROWS(rows);
}

Test(reader, sections)
{
    static const struct row rows[] = {
        {HERD A "}\nlimits { tls = 3 }\n" MORE,
            "f:3: tls is a section, not a key; write tls { and its keys\n" MORE_SAID("4", "5")},
        {HERD A "}\nlimits = 3\nnode = Bob\nplaces = {a, b}\n" MORE,
            "f:3: limits is a section, not a key; write limits { and its keys\n"
            "f:4: node is a section, not a key; write node NAME { and its keys\n"
            "f:5: places is a section: no \"=\" stands before its \"{\"\n" MORE_SAID("6", "7")},
        {HERD A "}\nlimits = { line = 9KiB }\n" MORE,
            "f:3: limits is a section: no \"=\" stands before its \"{\"\n"
            "f:3: limits.line cannot be 9KiB; it is at least 64B and at most 8KiB\n" MORE_SAID(
                "4", "5")},
        {HERD "node = Ann { client = \"127.0.0.1:1\" peer = \"127.0.0.1:2\" }\n" MORE,
            "f:2: node is a section: no \"=\" stands before its \"{\"\n" MORE_SAID("3", "4")},
        {HERD A "}\nnode {\n peer = \"127.0.0.1:0\"\n}\nnode '' {\n}\n" MORE,
            "f:3: a name is missing after node, like: node Goloman {\n"
            "f:4: the nameless node's peer address cannot be \"127.0.0.1:0\": its port is no "
            "number from 1 to 65535\n"
            "f:6: a name is missing after node, like: node Goloman {\n" MORE_SAID("8", "9")},
        {HERD A "}\nnode Bob Cid {\n client = \"127.0.0.1:3\" peer = \"127.0.0.1:4\" }\n" MORE,
            "f:3: \"Cid\" is out of place between node and its \"{\"\n" MORE_SAID("5", "6")},
        {HERD A "}\nlimits x y { line = 9KiB }\n" MORE,
            "f:3: \"x\" is out of place between limits and its \"{\"\n"
            "f:3: limits.line cannot be 9KiB; it is at least 64B and at most 8KiB\n" MORE_SAID(
                "4", "5")},
        {"herd { name = demo }\n" A "}\n" MORE,
            "f:1: herd is a key, not a section; write herd = and its value\n" MORE_SAID("3", "4")},
        {HERD A "foo { a { b = {c} } } }\n" MORE,
            "f:2: \"foo\" is no key of node; " NODE_KEYS MORE_SAID("3", "4")},
        {HERD A "herd x { } }\n" MORE,
            "f:2: \"herd\" does not belong to node; it is a key of the top level\n" MORE_SAID(
                "3", "4")},
        {HERD "nod Ann { client = \"127.0.0.1:1\" peer = \"127.0.0.1:0\" }\n" MORE,
            "f:2: \"nod\" is no key of the top level; did you mean \"node\"?\n"
            "f:2: Ann's peer address cannot be \"127.0.0.1:0\": its port is no number from 1 to "
            "65535\n" MORE_SAID("3", "4")},
    };
    CHECK_ROWS(rows);
}

Test(reader, values)
{
    static const struct row rows[] = {
        {"herd = demo herd\n" A "}\n" MORE,
            "f:1: \"herd\" is out of place after the value of herd; a value with blanks needs "
            "quotes\n" MORE_SAID("3", "4")},
        {HERD "log_file = my big log.txt spin = 1s\n" A "}\n" MORE,
            "f:2: \"big\" is out of place after the value of log_file; a value with blanks needs "
            "quotes\n"
            "f:2: spin cannot be 1s; it is at least 0 and at most 10ms\n" MORE_SAID("4", "5")},
        {HERD A "}\nlog_level loud spin 1s\n" MORE,
            "f:3: a \"=\" is missing after log_level\n"
            "f:3: log_level cannot be \"loud\"; it can be error, warn, info or debug\n"
            "f:3: a \"=\" is missing after spin\n"
            "f:3: spin cannot be 1s; it is at least 0 and at most 10ms\n" MORE_SAID("4", "5")},
        {HERD A "}\nspin =\nlog_level =\nplaces { }\n" MORE,
            "f:3: spin has no value\nf:4: log_level has no value\n" MORE_SAID("6", "7")},
        {HERD A "}\nspin\nlog_level info limits { line = 9KiB }\n" MORE,
            "f:3: spin has no value; write spin = and its value\n"
            "f:4: a \"=\" is missing after log_level\n"
            "f:4: limits.line cannot be 9KiB; it is at least 64B and at most 8KiB\n" MORE_SAID(
                "5", "6")},
        {HERD A "talks_to = }\nspin =", "f:2: talks_to has no value\nf:3: spin has no value\n"},
        {HERD A "}\nspin { 1us }\nlog_file = {a, b}\n" MORE,
            "f:3: spin is a key, not a section; write spin = and its value\n"
            "f:4: log_file takes one value, without braces\n" MORE_SAID("5", "6")},
        {"herd += demo\n" A "}\nfoo += 1\n" MORE,
            "f:1: herd takes one value, so \"+=\" must be \"=\"\n"
            "f:3: \"foo\" is no key of the top level; there are " TOP_KEYS MORE_SAID("4", "5")},
        {HERD A "talks_to = Bob, Wilks\n}\n" B "}\n" MORE,
            "f:2: several values need braces, like: talks_to = {A, B}\n"
            "f:2: Ann talks to \"Wilks\", which is no node\n" MORE_SAID("5", "6")},
        {HERD A "talks_to = {Bob Wilks} }\n" B "}\n" MORE,
            "f:2: a \",\" is missing before \"Wilks\"\n"
            "f:2: Ann talks to \"Wilks\", which is no node\n" MORE_SAID("4", "5")},
        {HERD A "talks_to = {Bob,, Bob} }\n" B "talks_to = {,\nAnn = {x}} }\n" MORE,
            "f:2: \",\" is out of place in a list\nf:3: \",\" is out of place in a list\n"
            "f:4: \"Ann\" is no key of node; " NODE_KEYS MORE_SAID("5", "6")},
        {HERD A "talks_to = {Bob, {Cid}, (Dan)} }\n" B "}\n" MORE,
            "f:2: \"{\" is out of place in a list\n"
            "f:2: Ann talks to \"Dan\", which is no node\n" MORE_SAID("4", "5")},
        {"herd == demo\n" A "}\n" MORE, "f:1: \"=\" is out of place here\n" MORE_SAID("3", "4")},
        {HERD "log_file = a+b*c\n= 3\n" A "}\n" MORE,
            "f:2: \"+\" is out of place here; a text that has one needs quotes\n"
            "f:3: \"=\" is out of place here\n" MORE_SAID("5", "6")},
        {HERD "include(\"/etc/hostname\")\n" A "}\n" MORE,
            "f:2: \"include\" is no key of the top level; there are " TOP_KEYS MORE_SAID("4", "5")},
        {HERD A "talks_to Bob { x } }\n" B "}\n" MORE,
            "f:2: talks_to has no value; write talks_to = and its value\n"
            "f:2: \"Bob\" is no key of node; " NODE_KEYS MORE_SAID("4", "5")},
        {HERD A "}\nwhat\nlimits { line = 9KiB }\n" MORE,
            "f:3: \"what\" is no key of the top level; there are " TOP_KEYS
            "f:4: limits.line cannot be 9KiB; it is at least 64B and at most 8KiB\n" MORE_SAID(
                "5", "6")},
        {"herd: demo\n" A "}\n" MORE,
            "f:1: \"herd:\" is no key of the top level; did you mean \"herd\"?\n" MORE_SAID(
                "3", "4")},
        {"what is this\n" HERD A "}\n" MORE,
            "f:1: \"what\" is no key of the top level; there are " TOP_KEYS MORE_SAID("4", "5")},
        {HERD "foo = 1, 2\n" A "}\n" MORE,
            "f:2: \"foo\" is no key of the top level; there are " TOP_KEYS MORE_SAID("4", "5")},
        {HERD "\"\" = 3\n" A "}\n" MORE,
            "f:2: \"\" is no key of the top level; there are " TOP_KEYS MORE_SAID("4", "5")},
    };
    CHECK_ROWS(rows);
}

#define UNPAIRED(line, quote) \
    "f:" line ": a " quote " in this line has no other " quote " that closes it\n"

Test(reader, quotes_and_comments)
{
    static const struct row rows[] = {
        {HERD "node Ann {\n client = \"127.0.0.1:1\n peer = \"127.0.0.1:2\"\n}\n" MORE,
            UNPAIRED("3", "\"") MORE_SAID("6", "7")},
        {HERD "node Ann { client = \"127.0.0.1:1 peer = \"127.0.0.1:2\" }\n" B "}\n" MORE,
            UNPAIRED("2", "\"") MORE_SAID("4", "5")},
        {HERD "node Ann { client = \"127.0.0.1:1 peer = \"127.0.0.1:2\" }\n" B "\n",
            UNPAIRED("2", "\"") "f:3: the \"{\" in this line is not closed; a \"}\" is missing\n"},
        {HERD "node Ann { what is \"127.0.0.1:2\" \"}\n" B "}\n" MORE,
            "f:2: \"what\" is no key of node; " NODE_KEYS MORE_SAID("4", "5")},
        {HERD "node \"Ann {\n client = \"127.0.0.1:1\"\n}\n" MORE,
            UNPAIRED("2", "\"") MORE_SAID("5", "6")},
        {"herd = \"demo\n" A "}\n" MORE, UNPAIRED("1", "\"") MORE_SAID("3", "4")},
        {HERD "'node\nAnn { client = \"127.0.0.1:1\" peer = \"127.0.0.1:2\" }\n'limits\n{ }\n" MORE,
            UNPAIRED("2",
                "'") "f:3: \"Ann\" is no key of the top level; there are " TOP_KEYS UNPAIRED("4",
                "'") "f:5: \"{\" is out of place here\n" MORE_SAID("6", "7")},
        {"foo 'bar {\n}\n" HERD A "}\n" MORE,
            "f:1: \"foo\" is no key of the top level; there are " TOP_KEYS MORE_SAID("5", "6")},
        {HERD "log_file = don't\n" A "}\n'\n" MORE,
            UNPAIRED("2", "'") UNPAIRED("4", "'") MORE_SAID("5", "6")},
        {HERD A "}\nlog_file = \"a\\", UNPAIRED("3", "\"")},
        {HERD A "}\nlog_file = \"a\\\nb\"\n",
            UNPAIRED("3", "\"") "f:4: \"b\" is no key of the top level; there are " TOP_KEYS},
        {HERD A "}\nlog_file = \"C:\\new\"\n" MORE, "f:3: a \\ before a letter or digit means "
                                                    "nothing in \"\"; write \\\\, or use '' around "
                                                    "the text\n" MORE_SAID("4", "5")},
        {HERD A "}\n" MORE "/* no\nend\n",
            MORE_SAID(
                "3", "4") "f:5: the comment that begins here does not end; \"*/\" is missing\n"},
        {"/*/", "f:1: the comment that begins here does not end; \"*/\" is missing\n"},
        {HERD "secret_file = 'a # b'\nlog_file = \"a \\\" \\${b} // c\"\n" A "}\n",
            "f:3: log_file has a ${...} in it, but nothing is taken from the environment; write "
            "the value itself\n"},
        {HERD A "}\nlog_file = ${HOME}/x\nlimits ${\n}\n" MORE,
            "f:3: log_file has a ${...} in it, but nothing is taken from the environment; write "
            "the value itself\n"
            "f:4: \"${\" is out of place between limits and its \"{\"\n" MORE_SAID("6", "7")},
    };
    CHECK_ROWS(rows);
}

#define NOTHING_SAID                                                                           \
    "f: the herd has no name; add one, like: herd = demo\n"                                    \
    "f: there is no node; add one, like: node Goloman { client = \"127.0.0.1:12000\"  peer = " \
    "\"127.0.0.1:12100\" }\n"

#define TWO_ODD                                           \
    "f:2: the byte 0x02 stands here, which no text has\n" \
    "f:2: the byte 0x02 stands here, which no text has\n"
#define FOUR_ODD TWO_ODD TWO_ODD

Test(reader, bytes)
{
    static const struct row rows[] = {
        {"\xef\xbb\xbf", NOTHING_SAID},
        {"\xef\xbb = 1",
            NOTHING_SAID "f:1: \"??\" is no key of the top level; there are " TOP_KEYS},
        {HERD "\f\n" A "}\n" MORE,
            "f:2: the byte 0x0c stands here, which no text has\n" MORE_SAID("4", "5")},
        {HERD "log_file = \"a\x01z\"\n\x7f" A "}\n" MORE,
            "f:2: the byte 0x01 stands here, which no text has\n"
            "f:3: the byte 0x7f stands here, which no text has\n" MORE_SAID("4", "5")},
        {HERD "\x02\x02\x02\x02\x02\x02\x02\x02\n" A "}\n" MORE,
            FOUR_ODD FOUR_ODD MORE_SAID("4", "5")},
        {MORE "\n\n\x02\x02\x02\x02\x02\x02\x02\x02\x02\n" MORE,
            MORE_SAID("1", "2") "f:5: the byte 0x02 stands here, which no text has, and there are "
                                "more; is this the right file?\n"},
        {HERD "log_level = \"\xc2\x9b[2J\xff\xc3\x84\"\n" A "}\n",
            "f:2: log_level cannot be \"??[2J?\xc3\x84\"; it can be error, warn, info or debug\n"},
        {HERD "log_level = \"\xc2\x9f\xc2\xa0\"\n" A "}\n", /* the last of C1, and the next */
            "f:2: log_level cannot be \"??\xc2\xa0\"; it can be error, warn, info or debug\n"},
    };
    CHECK_ROWS(rows);
}

Test(reader, says_nothing_by_itself)
{
    cr_redirect_stdout();
    cr_redirect_stderr();
    static const char *const texts[] = {"a = \"\\", "node", "\"=\" = 3", "herd = \"\\9\"", "a|b=c"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct topology t;
        struct topology_faults faults;
        cr_assert_not(topology_read_text(span_of(texts[i]), &t, &faults));
        topology_faults_destroy(&faults);
    }
    fflush(stdout);
    cr_assert_stdout_eq_str("");
    cr_assert_stderr_eq_str("");
}

/* -- hostile files ----------------------------------------------------------------------------- */

enum { BYTES = 1 << 18 };

/* `unit` again and again, 256 KiB of it after `before`: it is refused, and this is said. */
static void expect_refused(const char *before, const char *unit, const char *said)
{
    char *text = malloc(BYTES + 1);
    size_t len = strlen(before), bytes = strlen(unit);
    memcpy(text, before, len);
    for (; len + bytes <= BYTES; len += bytes)
        memcpy(text + len, unit, bytes);
    struct topology t;
    struct topology_faults faults;
    cr_expect_not(topology_read_text((struct span){text, len}, &t, &faults), "%s", unit);
    cr_assert(faults.count > 0 && faults.count <= TOPOLOGY_FAULTS_MAX, "%s", unit);
    bool told = false;
    for (unsigned i = 0; i < faults.count; i++)
        told |= strcmp(faults.each[i].text, said) == 0;
    cr_expect(told, "%s: %s", unit, faults.each[0].text);
    cr_expect_leq(faults.count, faults.errors + faults.warnings + 1, "%s", unit);
    topology_faults_destroy(&faults);
    free(text);
}

Test(reader, much_of_anything, .timeout = 60)
{
    expect_refused("", "{", "\"{\" is out of place here");
    expect_refused("a = ", "{",
        "\"a\" is no key of the top level; there are "
        "herd, client_close, secret_file, log_file, log_level, spin, retired, sandbox, node, "
        "limits, "
        "places, tls, http, journal");
    expect_refused("", "}\n", "this \"}\" closes nothing");
    expect_refused("", "\"a\" ",
        "\"a\" is no key of the top level; there are "
        "herd, client_close, secret_file, log_file, log_level, spin, retired, sandbox, node, "
        "limits, "
        "places, tls, http, journal");
    expect_refused("herd = ", "'a'",
        "\"a\" is out of place after the value of herd; a value with "
        "blanks needs quotes");
    expect_refused("herd = ", "\"\n", "a \" in this line has no other \" that closes it");
    expect_refused("herd = \"", "a", "a \" in this line has no other \" that closes it");
    expect_refused("log_file = ", "a", "log_file is longer than 4095 bytes");
    expect_refused("log_file = '", "\\'", "a ' in this line has no other ' that closes it");
    expect_refused("", "hred = 1\n", "\"hred\" is no key of the top level; did you mean \"herd\"?");
    expect_refused("", "limits{",
        "a \"}\" is missing before \"limits\": sections do not nest, and "
        "the one that begins in line 1 is not closed");
    expect_refused("/*", "*", "the comment that begins here does not end; \"*/\" is missing");
    expect_refused("", "a /**/\n",
        "\"a\" is no key of the top level; there are "
        "herd, client_close, secret_file, log_file, log_level, spin, retired, sandbox, node, "
        "limits, "
        "places, tls, http, journal");
    expect_refused("node A { talks_to = {", "B,",
        "the list that begins in this line is not closed; "
        "a \"}\" is missing");
    expect_refused(
        "", "node A {}", "there is a node A in line 1 already; each needs a name of its own");
}
