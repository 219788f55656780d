/* test_topology.c — what texts of topology.conf mean: keys, values, nodes, edges, and the herd
 * that comes out. Their syntax is test_reader.c's. */
#include "unit/topology/side.h"

#define TOTAL_LESS                                                                            \
    ": warning: limits.output_total is less than limits.output, what one client may have: a " \
    "client that does not read is disconnected before the node stops reading from it\n"
#define ENDPOINT_WANTED \
    "; write a host and, unless it is 443, a port, like https://places.example.org:8443\n"

Test(topology, places_keys)
{
    static const struct row rows[] = {
        {HERD "places { endpoint = \"https://places.test:8443/\" ca_file = ca.pem key_file = k "
              "language = zh-Hant-TW provider = google_legacy }\n" A "}\n",
            ""},
        {HERD "places { endpoint = \"http://places.test\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"http://places.test\": it does not begin with "
            "https://" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://\": it does not begin with "
            "https://" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https:///\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https:///\": it has no host" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://a:0\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://a:0\": its port is no number from 1 to "
            "65535" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://a:x/y\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://a:x/y\": what follows its host is no "
            "port" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://a/maps\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://a/maps\": its host has a byte that no name "
            "has" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://a..b\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://a..b\": its host has an empty part, or one "
            "of more than 63 bytes" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://127.0.0.1:443\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://127.0.0.1:443\": its host is an address; "
            "write the name that its certificate is for" ENDPOINT_WANTED},
        {HERD "places { endpoint = \"https://[::1]:443\" }\n" A "}\n",
            "f:2: places.endpoint cannot be \"https://[::1]:443\": its host is an address; "
            "write the name that its certificate is for" ENDPOINT_WANTED},
        {HERD "places { language = \"en_US\" }\n" A "}\n",
            "f:2: places.language cannot be \"en_US\"; write a language tag, like en or pt-BR\n"},
        {HERD "places { provider = gazetteer\nkey_file = k }\n" A "}\n",
            "f:3: warning: places.key_file is not used: the provider is gazetteer, which asks "
            "nobody\n"},
    };
    CHECK_ROWS(rows);
}

Test(topology, output_of_all_is_no_less_than_of_one)
{
    static const struct row rows[] = {
        {HERD "limits { output = 2MiB\noutput_total = 1MiB }\n" A "}\n", "f:3" TOTAL_LESS},
        {HERD "limits { output_total = 2MiB\noutput = 4MiB }\n" A "}\n", "f:2" TOTAL_LESS},
        {HERD "limits { output = 1GiB }\n" A "}\n", ""},
        {HERD "limits { output = 1MiB output_total = 1MiB }\n" A "}\n", ""},
    };
    CHECK_ROWS(rows);
}

Test(topology, accepts)
{
    static const struct row rows[] = {
        {HERD A "}\n", ""},
        {"herd = 'demo'" A "}", ""},
        {"\xef\xbb\xbf" HERD A "}\r\n", ""},
        {HERD A "talks_to = Bob }\n" B "}\n", ""},
        {HERD A "talks_to = {Bob} }\n" B "talks_to = {Ann} }\n", ""},
        {HERD A "talks_to = {Bob,\n Bob} talks_to += {Cid} }\n" B "talks_to = Cid}\n" C "}\n", ""},
        {HERD "limits {\n line = 8192\n}\nlimits { idle = 1s }\n" A "talks_to = {} }\n", ""},
        {HERD "# ${HOME} \"\n/* \" ' { */ // }\n" A "} # the end", ""},
        {HERD "log_file = /var//log/herd.log // and a comment\n" A "}\n", ""},
        {HERD "secret_file = 'a # b'\nlog_file = \"a \\\" \\${b} // c\"\n" A "}\n",
            "f:3: log_file has a ${...} in it, but nothing is taken from the environment; write "
            "the "
            "value itself\n"},
        {HERD "limits { spin = 5us }\n" A "}\n",
            "f:2: \"spin\" does not belong to limits; it is a key of the top level\n"},
    };
    CHECK_ROWS(rows);
}

Test(topology, keys)
{
    static const struct row rows[] = {
        {"",
            "f: the herd has no name; add one, like: herd = demo\n"
            "f: there is no node; add one, like: node Goloman { client = \"127.0.0.1:12000\"  peer "
            "= \"127.0.0.1:12100\" }\n"},
        {HERD "\n" HERD A "}\n", "f:3: herd is given twice, in line 1 already\n"},
        {"herd = 'two words'\n" A "}\n",
            "f:1: \"two words\" cannot name a herd; use 1 to 63 letters, digits, \".\", \"_\", "
            "\"-\", a letter or digit first\n"},
        {HERD "sipn = 1us\nspni = {1,2}\nsipn = {}\n" A "}\n",
            "f:2: \"sipn\" is no key of the top level; did you mean \"spin\"?\n"
            "f:3: \"spni\" is no key of the top level; did you mean \"spin\"?\n"
            "f:4: \"sipn\" is no key of the top level; did you mean \"spin\"?\n"},
        {HERD "spni = {}\nwhatever = 1\n" A "}\n",
            "f:2: \"spni\" is no key of the top level; did you mean \"spin\"?\n"
            "f:3: \"whatever\" is no key of the top level; there are " TOP_KEYS},
        {HERD "line = 1KiB\n" A "}\n",
            "f:2: \"line\" does not belong to the top level; it is a key of limits\n"},
        {HERD A "\nclint = 1 }\n", "f:3: \"clint\" is no key of node; did you mean \"client\"?\n"},
        {HERD A "client = \"127.0.0.1:9\" }\n",
            "f:2: Ann's client is given twice, in line 2 already\n"},
        {HERD "limist {\n line = 1 what = {}\n}\n" A "}\n",
            "f:2: \"limist\" is no key of the top level; did you mean \"limits\"?\n"
            "f:3: limits.line cannot be 1; it is at least 64B and at most 8KiB\n"
            "f:3: \"what\" is no key of limits; there are line, output, output_total, connections, "
            "connections_per_address, commands_per_address, new_ids_per_address, stamps, "
            "stamps_full, idle, stall, partial, stop, future, clock, near, "
            "watches, watches_total, watch_all, fence\n"},
        {HERD "\nnodee Ann {\n client = \"127.0.0.1:0\"\n peer = \"127.0.0.1:2\" }\n",
            "f:3: \"nodee\" is no key of the top level; did you mean \"node\"?\n"
            "f:4: Ann's client address cannot be \"127.0.0.1:0\": its port is no number from 1 to "
            "65535\n"},
        {HERD "client_close = replay log_level = loud\n" A "}\n",
            "f:2: client_close cannot be \"replay\"; did you mean reply?\n"
            "f:2: log_level cannot be \"loud\"; it can be error, warn, info or debug\n"},
        {HERD "limits { stamps_full = drop }\nplaces { provider = oracle }\n" A "}\n",
            "f:2: limits.stamps_full cannot be \"drop\"; it can be refuse or evict\n"
            "f:3: places.provider cannot be \"oracle\"; it can be gazetteer, google or "
            "google_legacy\n"},
        {HERD "places { provider = gogle }\n" A "}\n",
            "f:2: places.provider cannot be \"gogle\"; did you mean google?\n"},
        {HERD "secret_file = ''\nlog_file = \"a\tb\"\n" A "}\n",
            "f:2: secret_file is empty; name a file or leave the line out\n"
            "f:3: log_file has a control character in it\n"},
    };
    CHECK_ROWS(rows);
}

#define SIZE_WANTED "; write a whole number and B, KiB, MiB or GiB, like 64KiB\n"
#define TIME_WANTED "; write a whole number and ns, us, ms, s, min, h or d, like 10s\n"

Test(topology, quantities)
{
    static const struct row rows[] = {
        {HERD A "}\nlimits {\n line = 63\n}\n",
            "f:4: limits.line cannot be 63; it is at least 64B and at most 8KiB\n"},
        {HERD A "}\nlimits { line = 8193B output = 1048577K }\n",
            "f:3: limits.line cannot be 8193B; it is at least 64B and at most 8KiB\n"
            "f:3: limits.output cannot be 1048577K; it is at least 16KiB and at most 1GiB\n"},
        {HERD A "}\nlimits { line = 1KB output = 1.5MiB }\n",
            "f:3: limits.line cannot be \"1KB\"" SIZE_WANTED
            "f:3: limits.output cannot be \"1.5MiB\"" SIZE_WANTED},
        {HERD A "}\nlimits { connections = 0 stamps = 10k }\n",
            "f:3: limits.connections cannot be 0; it is at least 1 and at most 1000000\n"
            "f:3: limits.stamps cannot be \"10k\"; write a whole number, like 10000\n"},
        {HERD A "}\nlimits { stamps = 18446744073709551617 connections = 1000001 }\n",
            "f:3: limits.stamps cannot be 18446744073709551617; it is at least 1 and at most "
            "2147483648\n"
            "f:3: limits.connections cannot be 1000001; it is at least 1 and at most 1000000\n"},
        {HERD A "}\nlimits { idle = 10 stall = 0 future = 99999999999d }\n",
            "f:3: limits.idle cannot be \"10\"" TIME_WANTED
            "f:3: limits.stall cannot be 0; it is at least 100ms and at most 1d\n"
            "f:3: limits.future cannot be 99999999999d; it is at least 0 and at most 3650d\n"},
        {HERD A "}\nlimits { idle = 1500500us }\nspin = 11ms\nplaces { timeout = -1s }\n",
            "f:3: limits.idle cannot be 1500500us; it is counted in whole milliseconds\n"
            "f:4: spin cannot be 11ms; it is at least 0 and at most 10ms\n"
            "f:5: places.timeout cannot be \"-1s\"" TIME_WANTED},
    };
    CHECK_ROWS(rows);
}

Test(topology, nodes_and_addresses)
{
    static const struct row rows[] = {
        {HERD "node Ann {\n}\n",
            "f:2: Ann has no client address; add one, like: client = \"127.0.0.1:12000\"\n"
            "f:2: Ann has no peer address; add one, like: peer = \"127.0.0.1:12100\"\n"},
        {HERD NODE("-", "001") "}\n",
            "f:2: \"-\" cannot name a node; use 1 to 63 letters, digits, \".\", \"_\", \"-\", a "
            "letter or digit first\n"},
        {HERD A "}\n\nnode Ann { client = \"127.0.0.1:7\" }\n",
            "f:4: there is a node Ann in line 2 already; each needs a name of its own\n"},
        {HERD A "talks_to = Bob }\nnode Bob {\n client = \"127.0.0.1:2001\"\n peer = "
                "\"127.0.0.1:5\" }\n",
            "f:4: Bob's client address 127.0.0.1:2001 is taken by Ann's peer address "
            "127.0.0.1:2001 in line 2\n"},
        {HERD "node Ann {\n peer = \"[::1]:5\"\n client = \"[::1]:5\"\n}\n",
            "f:4: Ann's client address [::1]:5 is taken by Ann's peer address [::1]:5 in line 3\n"},
        {HERD A "talks_to = Bob }\nnode Bob {\n client = \"0.0.0.0:1001\"\n peer = "
                "\"127.0.0.1:5\" }\n",
            "f:4: Bob's client address 0.0.0.0:1001 is taken by Ann's client address "
            "127.0.0.1:1001 in line 2\n"},
        {HERD "secret_file = s node Ann { client = \"0.0.0.0:1\" peer = \"10.0.0.1:2\" }\n"
              "node Bob { client = \"0.0.0.0:1\" peer = \"10.0.0.2:2\" talks_to = Ann }\n"
              "node Cid { client = \"0.0.0.0:1\" peer = \"10.0.0.2:3\" talks_to = {Ann, Bob} }\n",
            "f:4: Cid's client address 0.0.0.0:1 is taken by Bob's client address 0.0.0.0:1 in "
            "line "
            "3\n"},
        {HERD "node Ann {\n client = \"127.0.0:1\"\n peer = \"[::]:2\"\n}\n",
            "f:3: Ann's client address cannot be \"127.0.0:1\": it is no numeric address with a "
            "port, like 127.0.0.1:12000 or [::1]:12000\n"
            "f:4: Ann's peer address cannot be [::]:2: the others dial it; write the address that "
            "they reach it by, and this one as peer_listen\n"},
        {HERD A "talks_to = Bob }\nnode Bob {\n client = \"127.0.0.1:3\"\n peer = "
                "\"10.1.2.3:5\" }\n",
            "f:5: Bob's peer address 10.1.2.3:5 can be reached from other machines, so the herd "
            "needs "
            "a secret; make one with: (umask 077; head -c 32 /dev/urandom | base64 > herd.secret), "
            "copy it to every node, and add secret_file = \"herd.secret\"; or give each node a "
            "certificate, and name it in tls { }\n"},
    };
    CHECK_ROWS(rows);
}

Test(topology, addresses_that_are_taken)
{
    static const struct row rows[] = {
        {HERD A "}\n" A "}\n" NODE("Cid", "001") "talks_to = Ann }\n",
            "f:3: there is a node Ann in line 2 already; each needs a name of its own\n"
            "f:4: Cid's client address 127.0.0.1:1001 is taken by Ann's client address "
            "127.0.0.1:1001 in line 2\n"
            "f:4: Cid's peer address 127.0.0.1:2001 is taken by Ann's peer address 127.0.0.1:2001 "
            "in line 2\n"},
        {HERD A "}\n"
                "node Ann { client = \"127.0.0.1:7\" }\n"
                "node Bob { client = \"127.0.0.1:7\" peer = \"127.0.0.1:8\" talks_to = Ann }\n",
            "f:3: there is a node Ann in line 2 already; each needs a name of its own\n"},
        {HERD "node Ann { client = \"0.0.0.0:1\" peer = \"127.0.0.1:2\" }\n"
              "node Bob { client = \"127.0.0.1:1\" peer = \"127.0.0.1:3\" talks_to = Ann }\n",
            "f:3: Bob's client address 127.0.0.1:1 is taken by Ann's client address 0.0.0.0:1 in "
            "line 2\n"},
        {HERD "node Ann { client = \"0.0.0.0:1\" }\nnode Bob { client = \"0.0.0.0:1\" talks_to = "
              "Ann }\n",
            "f:2: Ann has no peer address; add one, like: peer = \"127.0.0.1:12100\"\n"
            "f:3: Bob has no peer address; add one, like: peer = \"127.0.0.1:12100\"\n"},
        {HERD "secret_file = s node Ann { client = \"0.0.0.0:1\" peer = \"10.0.0.1:1\" }\n",
            "f:2: Ann's peer address 10.0.0.1:1 is taken by Ann's client address 0.0.0.0:1 in "
            "line 2\n"},
        {HERD A "}\n"
                "node Bob { client = \"127.0.0.1:5\" peer = \"127.0.0.1:5\" talks_to = Ann }\n",
            "f:3: Bob's peer address 127.0.0.1:5 is taken by Bob's client address 127.0.0.1:5 in "
            "line 3\n"},
        {HERD "secret_file = s\n"
              "node Ann { client = \"0.0.0.0:1\" peer = \"127.0.0.1:2\" }\n"
              "node Bob { client = \"0.0.0.0:1\" peer = \"10.0.0.1:3\" talks_to = Ann }\n",
            ""},
        {HERD "secret_file = s node Ann { client = \"0.0.0.0:1\" peer = \"10.0.0.1:2\" }\n"
              "node Bob { client = \"10.0.0.1:1\" peer = \"10.0.0.1:3\" talks_to = Ann }\n"
              "node Cid { client = \"10.0.0.1:1\" peer = \"10.0.0.1:4\" talks_to = {Ann, Bob} }\n",
            "f:3: Bob's client address 10.0.0.1:1 is taken by Ann's client address 0.0.0.0:1 in "
            "line 2\n"
            "f:4: Cid's client address 10.0.0.1:1 is taken by Ann's client address 0.0.0.0:1 in "
            "line 2\n"},
    };
    CHECK_ROWS(rows);
}

Test(topology, journal)
{
    static const char no_dir[] =
        HERD "journal {\nmode = none compact = 10%\nflush = 5ms\n}\n" A "}\n";
    static const char where[] = " says how stamps are kept, but not where; add a folder, like: "
                                "journal { dir = \"data/%n\" }, where %n is the node's name\n";
    char all[2048];
    snprintf(all, sizeof all,
        "f:3: journal.compact cannot be 10%%; it is at least 50%% and at most 1000%%\n"
        "f:3: journal.mode%sf:3: journal.compact%s"
        "f:4: journal.flush cannot be 5ms; it is at least 10ms and at most 1min\n"
        "f:4: journal.flush%s",
        where, where, where);
    const struct row rows[] = {
        {HERD "journal { dir = \"data/%n\" }\n" A "}\n", ""},
        {HERD "journal { dir = d mode = always flush = 10ms compact = 1000% damaged = refuse }\n" A
              "}\n",
            ""},
        {HERD "journal { }\n" A "}\n", ""},
        {no_dir, all},
        {HERD "journal { dir = d mode = alway compact = 200 }\n" A "}\n",
            "f:2: journal.mode cannot be \"alway\"; did you mean always?\n"
            "f:2: journal.compact cannot be \"200\"; write a whole number and %, like 200%\n"},
    };
    CHECK_ROWS(rows);
    struct topology t;
    struct topology_faults faults;
    cr_assert(topology_read_text(span_of(rows[1].text), &t, &faults));
    cr_expect_str_eq(t.journal.dir, "d");
    cr_expect_eq(t.journal.mode, JOURNAL_ALWAYS);
    cr_expect_eq(t.journal.flush_ns, 10 * MS_NS);
    cr_expect_eq(t.journal.compact_percent, 1000);
    cr_expect(t.journal.damaged_refuse);
    topology_faults_destroy(&faults);
    topology_destroy(&t);
    cr_assert(topology_read_text(span_of(rows[0].text), &t, &faults));
    cr_expect_eq(t.journal.mode, JOURNAL_INTERVAL);
    cr_expect_eq(t.journal.flush_ns, SECOND_NS);
    cr_expect_eq(t.journal.compact_percent, 200);
    cr_expect_not(t.journal.damaged_refuse);
    topology_faults_destroy(&faults);
    topology_destroy(&t);
}

#define NEED_ALL                                                                                  \
    "; links with TLS need all three, like: tls { ca_file = \"ca.pem\"  cert_file = \"%n.pem\"  " \
    "key_file = \"%n.key\" }, where %n is the node's name\n"

#define NAMES_OF_THEIR_OWN \
    "; operators' certificates have names of their own, and no node's, like ops-*\n"

Test(topology, tls)
{
    static const struct row rows[] = {
        {HERD "tls { ca_file = a cert_file = \"%n.pem\" key_file = c }\n"
              "node Ann { client = \"0.0.0.0:1\" peer = \"10.0.0.1:2\" }\n",
            ""},
        {HERD "tls {\nca_file = a }\n" A "}\n",
            "f:3: tls has no cert_file" NEED_ALL "f:3: tls has no key_file" NEED_ALL},
        {HERD "tls { cert_file = b key_file = c }\n" A "}\n", "f:2: tls has no ca_file" NEED_ALL},
        {HERD "tls { }\n" A "}\n", ""},
        {HERD "tls { ca_file = a cert_file = '' key_file = c }\n" A "}\n",
            "f:2: tls.cert_file is empty; name a file or leave the line out\n"},
        {HERD "tls { ca = a }\n" A "}\n",
            "f:2: \"ca\" is no key of tls; there are ca_file, cert_file, key_file, "
            "also_secret, operators\n"},
        {HERD "tls { ca_file = a cert_file = b key_file = c operators = \"ops-*\" }\n" A "}\n", ""},
        {HERD "tls {\noperators = ops }\n" A "}\n",
            "f:3: tls has no ca_file" NEED_ALL "f:3: tls has no cert_file" NEED_ALL
            "f:3: tls has no key_file" NEED_ALL},
        {HERD "retired = { Abe }\ntls { ca_file = a cert_file = b key_file = c\noperators = \"A*\" "
              "}\n" A "}\n",
            "f:4: tls.operators fits Ann, which is the name of a node" NAMES_OF_THEIR_OWN
            "f:4: tls.operators fits Abe, which is the name of a node that is "
            "retired" NAMES_OF_THEIR_OWN},
        {HERD "tls { ca_file = a cert_file = b key_file = c operators = \"**\" }\n" A "}\n",
            "f:2: tls.operators cannot be \"**\"; write a name of 1 to 63 letters, digits, \".\", "
            "\"_\", \"-\", with one \"*\" in it at most, like ops-*\n"},
        {HERD "secret_file = s tls { ca_file = a cert_file = b key_file = c also_secret = on }\n" A
              "}\n",
            ""},
        {HERD "tls { also_secret = off }\n" A "}\n", ""},
        {HERD "tls { ca_file = a cert_file = b key_file = c also_secret = off }\n" A "}\n", ""},
        {HERD "tls { ca_file = a cert_file = b key_file = c\nalso_secret = on }\n" A "}\n",
            "f:3: tls.also_secret is on, but there is no secret; add secret_file, or leave "
            "also_secret out when all nodes have their certificates\n"},
        {HERD "secret_file = s tls { also_secret = on }\n" A "}\n",
            "f:2: tls has no ca_file" NEED_ALL "f:2: tls has no cert_file" NEED_ALL
            "f:2: tls has no key_file" NEED_ALL},
        {HERD "tls {\n}\nplaces { ca_file = a key_file = b }\n" A "}\n", ""},
        {HERD "ca_file = a\n" A "}\n", "f:2: \"ca_file\" does not belong to the top level; it is a "
                                       "key of places and of tls\n"},
    };
    CHECK_ROWS(rows);
    struct topology t;
    struct topology_faults faults;
    cr_assert(topology_read_text(span_of(rows[0].text), &t, &faults));
    cr_expect_str_eq(t.tls_ca_file, "a");
    cr_expect_str_eq(t.tls_cert_file, "%n.pem");
    cr_expect_str_eq(t.tls_key_file, "c");
    cr_expect_not(t.tls_also_secret);
    topology_faults_destroy(&faults);
    topology_destroy(&t);
    const char *both = "secret_file = s tls { ca_file = a cert_file = b key_file = c also_secret = "
                       "on }\n" HERD A "}\n";
    cr_assert(topology_read_text(span_of(both), &t, &faults));
    cr_expect(t.tls_also_secret);
    topology_faults_destroy(&faults);
    topology_destroy(&t);
}

#define FAR_OFF "node Ann { client = \"0.0.0.0:1\" peer = \"10.0.0.1:2\" }\n"
#define NO_END "f:3: the comment that begins here does not end; \"*/\" is missing\n"

Test(topology, what_may_have_been_misread_is_not_missing)
{
    static const struct row rows[] = {
        {HERD "tls { ca_file = a cert_fil = b }\n" A "}\n",
            "f:2: \"cert_fil\" is no key of tls; did you mean \"cert_file\"?\n"},
        {HERD "tls { ca_file = a } " A "}\n/*", NO_END},
        {HERD "secret_fil = s\n" FAR_OFF,
            "f:2: \"secret_fil\" is no key of the top level; did you mean \"secret_file\"?\n"},
        {HERD FAR_OFF "/*", NO_END},
        {HERD A "}\n" FAR_OFF,
            "f:3: there is a node Ann in line 2 already; each needs a name of its own\n"},
        {HERD "limits { lin = 1KiB }\n" FAR_OFF "node Bob { }\n",
            "f:2: \"lin\" is no key of limits; did you mean \"line\"?\n"
            "f:3: Ann's peer address 10.0.0.1:2 can be reached from other machines, so the herd "
            "needs a secret; make one with: (umask 077; head -c 32 /dev/urandom | base64 > "
            "herd.secret), copy it to every node, and add secret_file = \"herd.secret\"; or give "
            "each node a certificate, and name it in tls { }\n"
            "f:4: Bob has no client address; add one, like: client = \"127.0.0.1:12000\"\n"
            "f:4: Bob has no peer address; add one, like: peer = \"127.0.0.1:12100\"\n"
            "f:4: Bob talks to nobody and nobody to it; add an edge, like: talks_to = {Ann}\n"},
        {"limist { }\n" A "}\n",
            "f: the herd has no name; add one, like: herd = demo\n"
            "f:1: \"limist\" is no key of the top level; did you mean \"limits\"?\n"},
        {HERD "node Ann { clint = 1 }\n",
            "f:2: \"clint\" is no key of node; did you mean \"client\"?\n"},
        {HERD A "talks_t = Bob }\n" B "}\n",
            "f:2: \"talks_t\" is no key of node; did you mean \"talks_to\"?\n"},
        {HERD A "talks_to = {Bob, Cid} }\n" B "}\n" C "lo = 1 x 2 }\n",
            "f:4: \"lo\" is no key of node; " NODE_KEYS},
        {HERD A "talks_to = Bob }\n" B "talks_to = Cid }\n" C "talks_t = Ann }\n",
            "f:4: \"talks_t\" is no key of node; did you mean \"talks_to\"?\n"},
        {HERD A "talks_to = {Bob, "
                "Dan} }\n" B "}\n/*",
            "f:4: the comment that begins here does not end; \"*/\" is missing\n"},
        {HERD A "}\n" B "} /*", NO_END},
        {HERD A "talks_to = Bob }\n" B "talks_to = Cid }" C "}/*", NO_END},
    };
    CHECK_ROWS(rows);
}

#define LONGEST "a23456789-123456789-123456789-123456789-123456789-123456789-123"

Test(topology, edges)
{
    _Static_assert(sizeof LONGEST - 1 == STAMPEDE_NODE_NAME_BYTES_MAX, "the longest name");
    static const struct row rows[] = {
        {HERD A "\n talks_to = {Bob,\n Sid} }\n" B "}\n" C "}\n",
            "f:4: Ann talks to \"Sid\", which is no node; did you mean \"Cid\"?\n"},
        {HERD A "}\n" B "talks_to = Anm }\n",
            "f:3: Bob talks to \"Anm\", which is no node; did you mean \"Ann\"?\n"},
        {HERD A "}\nnode Ann { talks_to = Ann }\n",
            "f:3: there is a node Ann in line 2 already; each needs a name of its own\n"
            "f:3: Ann talks to itself; leave its own name out\n"},
        {HERD A "talks_to = Anne }\n", "f:2: Ann talks to \"Anne\", which is no node\n"},
        {HERD A "talks_to = {" LONGEST "x, " LONGEST "} }\n" NODE(LONGEST, "002") "}\n",
            "f:2: Ann talks to \"" LONGEST "...\", which is no node\n"},
        {HERD A "talks_to = Zebedee }\n", "f:2: Ann talks to \"Zebedee\", which is no node\n"},
        {HERD A "talks_to = {Ann, Bob} }\n" B "}\n",
            "f:2: Ann talks to itself; leave its own name out\n"},
        {HERD A "talks_to = Bob }\n" B "}\n\n" C "}\n",
            "f:5: Cid talks to nobody and nobody to it; add an edge, like: talks_to = {Ann}\n"},
        {HERD A "}\n" B "talks_to = Cid }\n" C "}\n",
            "f:2: Ann talks to nobody and nobody to it; add an edge, like: talks_to = {Bob}\n"},
        {HERD A "talks_to = Bob }\n" B "}\n" C "talks_to = Dan }\n" NODE("Dan", "004") "}\n",
            "f:4: Cid and 1 more are not linked to the others; add an edge, like: talks_to = "
            "{Ann}\n"},
        {HERD A "talks_to = Bob }\n" B "talks_to = Cid }\n" C "}\n",
            "f:3: warning: the loss of Bob would cut Cid off from the others; another edge around "
            "it "
            "would help\n"},
        {HERD A "talks_to = {Bob, Cid, Dan, Eve} }\n" B "talks_to = Cid }\n" C
                "}\n" NODE("Dan", "004") "}\n" NODE("Eve", "005") "}\n",
            "f:2: warning: the loss of Ann would cut Dan and Eve off from the others; another edge "
            "around it would help\n"},
        {HERD A "talks_to = {Bob, Cid, Dan, Eve, Fay} }\n" B "}\n" C
                "}\n" NODE("Dan", "004") "}\n" NODE("Eve", "005") "}\n" NODE("Fay", "006") "}\n",
            "f:2: warning: the loss of Ann would cut Cid, Dan, Eve and 1 more off from the others; "
            "another edge around it would help\n"},
    };
    CHECK_ROWS(rows);
}

/* -- the herd that comes out ------------------------------------------------------------------- */

static void read_well(const char *text, struct topology *out)
{
    struct topology_faults faults;
    bool well = topology_read_text(span_of(text), out, &faults);
    char *said = faults_said(&faults);
    cr_assert(well, "%s", said);
    free(said);
    topology_faults_destroy(&faults);
}

static void expect_rate(struct topology_rate rate, uint32_t count, uint32_t period_s)
{
    cr_expect_eq(rate.count, count);
    cr_expect_eq(rate.period_s, period_s);
}

Test(topology, defaults)
{
    struct topology t;
    read_well(HERD A "}\n", &t);
    cr_expect_str_eq(t.herd, "demo");
    cr_expect_eq(t.client_close, CLIENT_CLOSE_EOF);
    cr_expect_str_empty(t.secret_file);
    cr_expect_str_empty(t.log_file);
    cr_expect_eq(t.log_level, LOG_INFO);
    cr_expect_eq(t.spin_ns, 0);
    cr_expect_eq(t.limits.line_bytes, STAMPEDE_LINE_BYTES_DEFAULT);
    cr_expect_eq(t.limits.output_bytes, 1048576);
    cr_expect_eq(t.limits.connections, 10000);
    cr_expect_eq(t.limits.stamps, 1000000);
    cr_expect_not(t.limits.stamps_evict);
    cr_expect_eq(t.limits.idle_ms, 600000);
    cr_expect_eq(t.limits.stall_ms, 30000);
    cr_expect_eq(t.limits.partial_ms, 1000);
    cr_expect_eq(t.limits.stop_ms, 5000);
    cr_expect_eq(t.limits.connections_per_address, 1000);
    expect_rate(t.limits.commands_per_address, 100000, 1);
    expect_rate(t.limits.new_ids_per_address, 10000, 60);
    cr_expect_eq(t.limits.future_ns, 86400000000000);
    cr_expect_eq(t.limits.clock_ns, 60000000000);
    cr_expect_eq(t.retired_count, 0);
    cr_expect_str_eq(t.places.provider, "");
    cr_expect_eq(t.places.timeout_ms, 10000);
    topology_destroy(&t);
}

#define RATE_WANTED                                                                            \
    "; write a whole number from 1 to 1000000000 and /s, /min, /h or /day, like 1000/min, or " \
    "off\n"
#define RATE(text)                                                               \
    {                                                                            \
        HERD "limits { new_ids_per_address = \"" text "\" }\n" A "}\n",          \
            "f:2: limits.new_ids_per_address cannot be \"" text "\"" RATE_WANTED \
    }

Test(topology, rates)
{
    static const struct row rows[] = {RATE("0/s"), RATE("1000000001/s"), RATE("1"), RATE("/s"),
        RATE("1/"), RATE("1/ms"), RATE("1/2s"), RATE("-1/s"), RATE("1.5/s"), RATE("1/s/s"),
        RATE("on"), RATE("99999999999999999999/s"), RATE("0"), RATE("1KiB/s")};
    static const struct {
        const char *text;
        uint32_t count, period_s;
    } well[] = {{"1/s", 1, 1}, {"20/min", 20, 60}, {"300/h", 300, 3600}, {"7/d", 7, 86400},
        {"1000000000/day", 1000000000, 86400}, {"off", 0, 0}};
    CHECK_ROWS(rows);
    for (size_t i = 0; i < sizeof well / sizeof *well; i++) {
        char text[256];
        struct topology t;
        snprintf(
            text, sizeof text, HERD "limits { new_ids_per_address = %s }\n" A "}\n", well[i].text);
        read_well(text, &t);
        expect_rate(t.limits.new_ids_per_address, well[i].count, well[i].period_s);
        topology_destroy(&t);
    }
}

Test(topology, values)
{
    struct topology t;
    read_well(HERD
        "client_close = reply secret_file = \"a b\" log_file = /x log_level = debug spin = 50us\n"
        "limits { line = 8KiB output = 1GiB connections = 1000000 stamps = 2147483648\n"
        "stamps_full = evict idle = 365d stall = 100ms partial = 0 stop = 10min future = 0\n"
        "clock = 1d }\n"
        "places { provider = gazetteer timeout = 1min }\n"
        "node Ann { client = \"[2001:db8::1]:65535\" peer = \"192.0.2.1:1\" }",
        &t);
    cr_expect_eq(t.client_close, CLIENT_CLOSE_REPLY);
    cr_expect_str_eq(t.secret_file, "a b");
    cr_expect_str_eq(t.log_file, "/x");
    cr_expect_eq(t.log_level, LOG_DEBUG);
    cr_expect_eq(t.spin_ns, 50000);
    cr_expect_eq(t.limits.line_bytes, STAMPEDE_LINE_BYTES_MAX);
    cr_expect_eq(t.limits.output_bytes, 1073741824);
    cr_expect_eq(t.limits.connections, 1000000);
    cr_expect_eq(t.limits.stamps, 2147483648);
    cr_expect(t.limits.stamps_evict);
    cr_expect_eq(t.limits.idle_ms, 31536000000);
    cr_expect_eq(t.limits.stall_ms, 100);
    cr_expect_eq(t.limits.partial_ms, 0);
    cr_expect_eq(t.limits.stop_ms, 600000);
    cr_expect_eq(t.limits.future_ns, 0);
    cr_expect_eq(t.limits.clock_ns, 86400000000000);
    cr_expect_eq(t.places.timeout_ms, 60000);
    cr_expect_eq(t.nodes[0].client.address.port, 65535);
    cr_expect(t.nodes[0].client.address.v6);
    cr_expect_eq(t.nodes[0].peer.address.ip[0], 192);
    topology_destroy(&t);
}

Test(topology, neighbours)
{
    struct topology t;
    read_well(HERD A "talks_to = {Cid, Bob} }\n" B "talks_to = {Ann, Ann} }\n" C
                     "talks_to = {Bob} }\n",
        &t);
    cr_assert_eq(t.nodes_count, 3);
    cr_expect_eq(t.edges_count, 3);
    static const uint16_t expected[3][2] = {{1, 2}, {0, 2}, {0, 1}};
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(t.nodes[i].neighbours_count, 2);
        cr_expect_arr_eq(t.nodes[i].neighbours, expected[i], sizeof expected[i]);
    }
    cr_expect_eq(topology_find(&t, SPAN("Cid")), 2);
    cr_expect_eq(topology_find(&t, SPAN("Ci")), -1);
    cr_expect_eq(t.nodes[2].line, 4);
    topology_destroy(&t);
}

/* -- bounds ------------------------------------------------------------------------------------ */

/* `count` nodes, each talking to the one before, or all to the first; the caller frees. */
static char *big_herd(unsigned count, bool star)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    fprintf(f, "herd = big\n");
    for (unsigned i = 0; i < count; i++) {
        fprintf(f, "node n%u { client = \"127.0.0.1:%u\" peer = \"127.0.0.1:%u\" ", i, 10000 + i,
            20000 + i);
        if (i)
            fprintf(f, "talks_to = n%u ", star ? 0 : i - 1);
        fprintf(f, "}\n");
    }
    fclose(f);
    return text;
}

static struct topology_faults faults_of(const char *text, bool *well)
{
    struct topology t = {0};
    struct topology_faults faults;
    *well = topology_read_text(span_of(text), &t, &faults);
    if (*well)
        topology_destroy(&t);
    return faults;
}

Test(topology, nodes_at_the_bound)
{
    bool well;
    char *text = big_herd(TOPOLOGY_NODES_MAX, false);
    struct topology_faults faults = faults_of(text, &well);
    cr_expect(well);
    cr_expect_eq(faults.count, TOPOLOGY_FAULTS_MAX, "warnings, with one that says there are more");
    cr_expect(faults.each[TOPOLOGY_FAULTS_MAX - 1].warning);
    cr_expect_str_eq(faults.each[TOPOLOGY_FAULTS_MAX - 1].text, "923 more warnings are not shown");
    cr_expect_eq(faults.warnings, TOPOLOGY_NODES_MAX - 2);
    topology_faults_destroy(&faults);
    free(text);

    text = big_herd(TOPOLOGY_NODES_MAX + 1, false);
    faults = faults_of(text, &well);
    cr_expect_not(well);
    cr_assert_eq(faults.count, 1);
    cr_expect_eq(faults.each[0].line, TOPOLOGY_NODES_MAX + 2);
    cr_expect_str_eq(faults.each[0].text, "there are more than 1024 nodes");
    topology_faults_destroy(&faults);
    free(text);
}

Test(topology, neighbours_at_the_bound)
{
    bool well;
    char *text = big_herd(TOPOLOGY_NEIGHBOURS_MAX + 1, true);
    struct topology_faults faults = faults_of(text, &well);
    cr_expect(well);
    topology_faults_destroy(&faults);
    free(text);

    text = big_herd(TOPOLOGY_NEIGHBOURS_MAX + 2, true);
    faults = faults_of(text, &well);
    cr_expect_not(well);
    cr_expect_str_eq(faults.each[0].text, "n0 has 65 neighbours; 64 are possible");
    topology_faults_destroy(&faults);
    free(text);
}

Test(topology, edges_at_the_bound)
{
    for (unsigned over = 0; over <= 2; over++) {
        char *text = NULL;
        size_t len = 0;
        bool well;
        FILE *f = open_memstream(&text, &len);
        fprintf(f, HERD A "talks_to = {");
        for (unsigned i = 0; i < TOPOLOGY_EDGES_MAX + over; i++)
            fprintf(f, "Bob,");
        fprintf(f, "} }\n" B "}\n");
        fclose(f);
        struct topology_faults faults = faults_of(text, &well);
        cr_expect_eq(well, over == 0);
        cr_assert_eq(faults.count, over > 0, "one fault, however many there are too many");
        if (over)
            cr_expect_str_eq(faults.each[0].text,
                "there are too many names in talks_to; 65536 are possible in all");
        topology_faults_destroy(&faults);
        free(text);
    }
}

Test(topology, retired)
{
    static const char long_name[] =
        "a123456789b123456789c123456789d123456789e123456789f123456789g123";
    char long_text[300], long_said[400];
    snprintf(long_text, sizeof long_text, HERD "retired = {%s, Cid}\n" A "}\n", long_name);
    snprintf(long_said, sizeof long_said,
        "f:2: retired cannot hold \"%s\", which no node can have been named; a name has 1 to 63 "
        "letters, digits, \".\", \"_\", \"-\", a letter or digit first\n",
        long_name);
#define NO_NAME(line, name)                                                                        \
    "f:" line ": retired cannot hold \"" name "\", which no node can have been named; a name has " \
    "1 to 63 letters, digits, \".\", \"_\", \"-\", a letter or digit first\n"
    const struct row rows[] = {
        {HERD "retired = Cid\n" A "}\n", ""},
        {HERD "retired = {Cid, Dan,}\nretired += Eve\n" A "}\n", ""},
        {HERD "retired = {}\n" A "}\n", ""},
        {HERD "retired = {Cid,\nCid}\nretired += Cid\n" A "}\n",
            "f:3: Cid is retired twice, in line 2 already; once is enough\n"
            "f:4: Cid is retired twice, in line 2 already; once is enough\n"},
        {HERD "retired = {Cid, Ann}\n" A "}\n",
            "f:2: Ann is retired, but there is a node Ann in line 3; take the name out of retired, "
            "or remove the node\n"},
        {HERD "retired = {\"-\", '', \"a b\"}\n" A "}\n",
            NO_NAME("2", "-") NO_NAME("2", "") NO_NAME("2", "a b")},
        {long_text, long_said},
        {HERD "retired = {Cid}\n" A "talks_to = {Bob, Cid} }\n" B "}\n",
            "f:3: Ann talks to Cid, which is retired, by line 2\n"},
        {HERD "limits { retired = {Cid} }\n" A "}\n",
            "f:2: \"retired\" does not belong to limits; it is a key of the top level\n"},
        {HERD "limits { clock = 0 }\n" A "}\n",
            "f:2: limits.clock cannot be 0; it is at least 1s and at most 1d\n"},
    };
    CHECK_ROWS(rows);
    struct topology t;
    read_well(HERD "retired = {Cid, Dan}\n" A "}\n", &t);
    cr_assert_eq(t.retired_count, 2);
    cr_expect_str_eq(t.retired[0].name, "Cid");
    cr_expect_str_eq(t.retired[1].name, "Dan");
    topology_destroy(&t);
}

Test(topology, retired_at_the_bound)
{
    for (unsigned over = 0; over <= 2; over++) {
        char *text = NULL;
        size_t len = 0;
        bool well;
        FILE *f = open_memstream(&text, &len);
        fprintf(f, HERD A "}\nretired = {");
        for (unsigned i = 0; i < TOPOLOGY_RETIRED_MAX + over; i++)
            fprintf(f, "r%u,", i);
        fprintf(f, "}\n");
        fclose(f);
        struct topology_faults faults = faults_of(text, &well);
        cr_expect_eq(well, over == 0);
        cr_assert_eq(faults.count, over > 0, "one fault, however many there are too many");
        if (over)
            cr_expect_str_eq(
                faults.each[0].text, "there are too many names in retired; 1024 are possible");
        topology_faults_destroy(&faults);
        free(text);
    }
}

#define HTTP(address) A "http = \"" address "\" }\n"

Test(topology, http_ports)
{
    static const struct row rows[] = {
        {HERD HTTP("127.0.0.1:3"), ""},
        {HERD HTTP("[::1]:3") "http { ready_alone = on }\n", ""},
        {HERD HTTP("0.0.0.0:3") "http { token_file = t hosts = {a.example, b} hosts = c }\n", ""},
        {HERD HTTP("127.0.0.1:1001"), "f:2: Ann's http address 127.0.0.1:1001 is taken by Ann's "
                                      "client address 127.0.0.1:1001 in line 2\n"},
        {HERD HTTP("127.0.0.1"), "f:2: Ann's http address cannot be \"127.0.0.1\": it has "
                                 "no port; write an address or a name of a host, and a port, like "
                                 "127.0.0.1:12000 or goloman.example:12000\n"},
        {HERD HTTP("0.0.0.0:3"),
            "f:2: Ann's http address 0.0.0.0:3 can be reached from other machines, so it needs a "
            "token; make one with: (umask 077; head -c 32 /dev/urandom | base64 > http.token), "
            "copy "
            "it to every node, and add http { token_file = \"http.token\" }; or give it a "
            "certificate with http { cert_file key_file }; or let it listen on 127.0.0.1\n"},
        {HERD HTTP("0.0.0.0:3") "http { cert_file = c key_file = k }\n", ""},
        {HERD HTTP("0.0.0.0:3") "http { cert_file = c }\n",
            "f:3: http has no key_file; HTTP over TLS needs both, like: http { cert_file = "
            "\"%n.pem\"  key_file = \"%n.key\" }, where %n is the node's name\n"},
        {HERD HTTP("127.0.0.1:3") "http { key_file = k }\n",
            "f:3: http has no cert_file; HTTP over TLS needs both, like: http { cert_file = "
            "\"%n.pem\"  key_file = \"%n.key\" }, where %n is the node's name\n"},
        {HERD HTTP("10.0.0.1:3") "http { token_fil = t }\n",
            "f:3: \"token_fil\" is no key of http; did you mean \"token_file\"?\n"},
        {HERD HTTP("127.0.0.1:3") "http { hosts = {\"a:80\"} }\n",
            "f:3: http.hosts cannot hold \"a:80\"; write the names of hosts, without port\n"},
    };
    CHECK_ROWS(rows);
    struct topology t;
    struct topology_faults faults;
    cr_assert(topology_read_text(span_of(rows[2].text), &t, &faults));
    cr_expect_eq(t.nodes[0].http.address.port, 3);
    cr_expect_eq(t.http.hosts_count, 3);
    cr_expect_str_eq(t.http.hosts[1], "b");
    cr_expect_str_eq(t.http.token_file, "t");
    cr_expect_not(t.http.ready_alone);
    topology_faults_destroy(&faults);
    topology_destroy(&t);
}

Test(topology, faults_at_the_bound)
{
    char text[4096] = HERD;
    for (unsigned i = 0; i < 2 * TOPOLOGY_FAULTS_MAX; i++)
        strcat(text, "spin = 1d\n");
    bool well;
    struct topology_faults faults = faults_of(text, &well);
    cr_expect_not(well);
    cr_assert_eq(faults.count, TOPOLOGY_FAULTS_MAX);
    cr_expect_eq(faults.errors, 2 * TOPOLOGY_FAULTS_MAX + 1, "and that there is no node");
    cr_expect_str_eq(faults.each[TOPOLOGY_FAULTS_MAX - 1].text, "102 more errors are not shown");
    topology_faults_destroy(&faults);
}
