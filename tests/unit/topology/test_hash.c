/* test_hash.c — the hash of a topology: what all nodes must agree upon, and nothing else. */
#include "core/topology/topology.h"
#include <criterion/criterion.h>

static uint64_t hash_of(const char *text)
{
    struct topology t;
    struct topology_faults faults;
    bool well = topology_read_text(span_of(text), &t, &faults);
    cr_assert(well, "%s: %s", text, faults.count ? faults.each[0].text : "");
    topology_faults_destroy(&faults);
    uint64_t hash = topology_hash(&t);
    topology_destroy(&t);
    return hash;
}

#define AT(n) "client = \"127.0.0.1:1" n "\" peer = \"127.0.0.1:2" n "\" "

Test(hash, is_that_of_protocol_md)
{
    cr_expect_eq(
        hash_of("herd = demo node Wilkes { " AT("4") " } node Hands { " AT(
            "1") "talks_to = Wilkes } node Goloman { " AT("0") "talks_to = {Wilkes, "
                                                               "Holiday, Hands} } node "
                                                               "Welsh { " AT(
                                                                   "3") "talks_"
                                                                        "to = "
                                                                        "Holiday"
                                                                        " } "
                                                                        "node "
                                                                        "Holiday"
                                                                        " { " AT("2") "talks_to = "
                                                                                      "Wilkes }"),
        UINT64_C(0xe10137fdab650c4f));
}

Test(hash, of_what_does_not_count_and_what_does)
{
    uint64_t hash = hash_of("herd = h node A { " AT("0") "talks_to = B } node B { " AT("1") " }");
    cr_expect_eq(hash, hash_of("herd = h retired = C limits { stamps = 5 } node B { " AT(
                           "2") "talks_to = A } node A { " AT("3") " }"));
    static const char *const others[] = {
        "herd = g node A { " AT("0") "talks_to = B } node B { " AT("1") " }",
        "herd = h node A { " AT("0") "talks_to = C } node C { " AT("1") " }",
        "herd = h node A { " AT("0") "talks_to = {B, C} } node B { " AT("1") " } node C { " AT(
            "2") " }",
        "herd = h node A { " AT("0") "talks_to = B } node B { " AT(
            "1") "talks_to = C } node C { " AT("2") " }",
        "herd = hA node B { " AT("0") " }",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_neq(hash, hash_of(others[i]), "%s", others[i]);
}
