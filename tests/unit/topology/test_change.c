/* test_change.c — what of a topology.conf may change while a node runs by it, and what
 * may not. */
#include "core/topology/change.h"
#include <criterion/criterion.h>

#define NODES                                                                     \
    "\nnode A { client = \"127.0.0.1:1\" peer = \"127.0.0.1:2\" talks_to = B }\n" \
    "node B { client = \"127.0.0.1:3\" peer = \"127.0.0.1:4\" }\n"

static struct topology read_it(const char *text)
{
    struct topology t;
    struct topology_faults faults;
    bool well = topology_read_text(span_of(text), &t, &faults);
    cr_assert(well, "%s: %s", text, faults.count ? faults.each[0].text : "");
    topology_faults_destroy(&faults);
    return t;
}

Test(change, faults)
{
    static const char before[] = "herd = demo limits { stamps = 10 }" NODES;
    const struct {
        const char *text;
        uint64_t stamps;
        const char *says[3];
    } rows[] = {
        {before, 10, {NULL}},
        {"herd = demo client_close = reply log_level = debug log_file = \"x\" spin = 1us retired = "
         "C "
         "limits { stamps = 3 line = 100B connections = 5 idle = 1s future = 1s } "
         "places { timeout = 1s }" NODES,
            3, {NULL}},
        {"herd = demo limits { stamps = 3 }" NODES, 4,
            {"limits.stamps is 3, and this node holds 4 already\n"}},
        {"herd = test sandbox = off" NODES, 0,
            {"the herd is called test in place of demo, which needs a restart of the node\n",
                "sandbox was switched off, which needs a restart"}},
        {"herd = demo secret_file = s" NODES, 0, {"secret_file was added, which needs"}},
        {"herd = demo tls { ca_file = a cert_file = b key_file = c }" NODES, 0,
            {"tls was added, which needs"}},
        {"herd = demo http { cert_file = c key_file = k }" NODES, 0, {NULL}},
        {"herd = demo http { cert_file = c key_file = k }"
         "\nnode A { client = \"127.0.0.1:1\" peer = \"127.0.0.1:2\" http = \"127.0.0.1:5\" }",
            0, {"HTTP over TLS was added, which needs"}},
        {"herd = demo places { provider = google key_file = k }" NODES, 0,
            {"places.provider is another one, which needs"}},
        {"herd = demo places { endpoint = \"https://a.example\" }" NODES, 0,
            {"places.endpoint is another one, which needs"}},
        {"herd = demo journal { dir = d }" NODES, 0, {"journal.dir is another one, which needs"}},
        {"herd = demo node B { client = \"127.0.0.1:3\" peer = \"127.0.0.1:4\" }", 0,
            {"the file does not name this node, A; stop it with SIGTERM"}},
    };
    struct topology now = read_it(before);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[TOPOLOGY_CHANGE_BYTES_MAX] = "";
        struct buf out = buf_over(text, sizeof text - 1);
        struct topology next = read_it(rows[i].text);
        topology_change_faults(&now, &next, SPAN("A"), rows[i].stamps, &out);
        cr_expect_eq(out.len == 0, rows[i].says[0] == NULL, "row %zu: %s", i, text);
        for (unsigned k = 0; rows[i].says[k]; k++)
            cr_expect_not_null(strstr(text, rows[i].says[k]), "row %zu: %s", i, text);
        topology_destroy(&next);
    }
    topology_destroy(&now);
}

/* What a sandbox lets a node read is settled when it starts. */
Test(change, a_first_name)
{
#define WITH(more, peer)                                                                           \
    "herd = demo secret_file = s " more "\nnode A { client = \"127.0.0.1:1\" peer = \"" peer "\" " \
                                                                                             "}"
    const struct {
        const char *before, *after;
        bool restart;
    } rows[] = {
        {WITH("", "127.0.0.1:2"), WITH("", "a.example:2"), true},
        {WITH("", "127.0.0.1:2"), WITH("", "localhost:2"), false},
        {WITH("", "b.example:2"), WITH("", "a.example:2"), false},
        {WITH("", "b.example:2"), WITH("", "127.0.0.1:2"), false},
        {WITH("sandbox = off", "127.0.0.1:2"), WITH("sandbox = off", "a.example:2"), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[TOPOLOGY_CHANGE_BYTES_MAX] = "";
        struct buf out = buf_over(text, sizeof text - 1);
        struct topology before = read_it(rows[i].before), after = read_it(rows[i].after);
        topology_change_faults(&before, &after, SPAN("A"), 0, &out);
        cr_expect_str_eq(text,
            rows[i].restart ? "a first name in place of an address, whose lookup the sandbox "
                              "denies, which needs a restart of the node\n"
                            : "",
            "row %zu", i);
        topology_destroy(&before);
        topology_destroy(&after);
    }
}
