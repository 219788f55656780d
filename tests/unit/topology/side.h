/* side.h — for the tests of topology: texts of topology.conf, and exactly what is said about
 * them.
 *
 * Each row is a file and its faults as `stampede check` prints them; "" means that nothing is
 * said. */
#ifndef TESTS_UNIT_TOPOLOGY_SIDE_H
#define TESTS_UNIT_TOPOLOGY_SIDE_H

#include "files/topology_file.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>
#include <stdlib.h>

struct row {
    const char *text;
    const char *said;
};

#define HERD "herd = demo\n"
#define NODE(name, ports) \
    "node " name " { client = \"127.0.0.1:1" ports "\" peer = \"127.0.0.1:2" ports "\" "
#define A NODE("Ann", "001")
#define B NODE("Bob", "002")
#define C NODE("Cid", "003")
#define TOP_KEYS                                                                                   \
    "herd, client_close, secret_file, log_file, log_level, spin, retired, sandbox, node, limits, " \
    "places, "                                                                                     \
    "tls, http, journal\n"

#define NODE_KEYS "there are client, client_listen, peer, peer_listen, http, talks_to\n"

/* What would be printed, into memory that the caller frees. */
static inline char *faults_said(const struct topology_faults *faults)
{
    char *said = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&said, &len);
    topology_faults_print(f, "f", faults, true);
    fclose(f);
    return said;
}

static inline void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct topology t = {0};
        struct topology_faults faults;
        struct span text = boxed(span_of(rows[i].text));
        bool well = topology_read_text(text, &t, &faults);
        unbox(text);
        char *said = faults_said(&faults);
        cr_expect_str_eq(said, rows[i].said, "row %zu:\n%s\n-- said:\n%s-- expected:\n%s", i,
            rows[i].text, said, rows[i].said);
        cr_expect_eq(well, faults.errors == 0, "row %zu", i);
        free(said);
        topology_faults_destroy(&faults);
        if (well)
            topology_destroy(&t);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

#endif
