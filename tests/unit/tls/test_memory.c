/* test_memory.c — CA certificates and identities where the n-th allocation fails: what is made is
 * whole, or nothing is made and nothing is left behind. */
#include "unit/failing_memory.h"
#include "unit/tls/side.h"

enum { ALLOCATIONS_MAX = 200 };

static void make_some(void)
{
    cr_assert_eq(setenv("LIMITS", "nameConstraints=permitted;DNS:Hands", 1), 0);
    make_certificates("Hands rsa:Hands under384:Hands under4096:Hands limited:Hands");
}

/* One text with the certificates of CAs that have keys of each kind. */
static struct span bundle(char *room)
{
    static const char *const names[] = {"ca", "ca384", "ca4096", "ca", "limited-ca"};
    size_t len = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span text = file_text(names[i], "pem");
        memcpy(room + len, text.at, text.len);
        len += text.len;
        free((char *)text.at);
    }
    return (struct span){room, len};
}

Test(tls_memory, of_trust, .init = make_some, .fini = remove_certificates)
{
    static char room[65536];
    struct span text = bundle(room);
    struct tls_trust *whole = NULL;
    for (int n = 1; n < ALLOCATIONS_MAX && !whole; n++) {
        struct tls_skipped skipped;
        const char *why;
        int held = heap.blocks_held;
        memory_fails(n, false);
        whole = tls_trust_create(text, today().real_ns, &skipped, &why);
        int allocations = memory_recovers();
        cr_assert_eq(whole != NULL, allocations < n, "allocation %d", n);
        if (whole) {
            cr_expect_eq(tls_trust_count(whole), 5);
            tls_trust_destroy(whole);
        } else {
            cr_expect_str_eq(why, "cannot be taken in: memory has run out");
        }
        cr_expect_eq(heap.blocks_held, held, "allocation %d", n);
    }
    cr_expect_not_null(whole);
}

Test(tls_memory, of_identities, .init = make_some, .fini = remove_certificates)
{
    static const char *const names[] = {"Hands", "rsa"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span cert = file_text(names[i], "pem"), key = file_text(names[i], "key");
        struct tls_identity *whole = NULL;
        for (int n = 1; n < ALLOCATIONS_MAX && !whole; n++) {
            const char *why;
            bool of_key;
            int held = heap.blocks_held;
            memory_fails(n, false);
            whole = tls_identity_create(cert, key, &why, &of_key);
            int allocations = memory_recovers();
            cr_assert_eq(whole != NULL, allocations < n, "%s: allocation %d", names[i], n);
            if (whole)
                tls_identity_destroy(whole);
            else
                cr_expect_str_not_empty(why);
            cr_expect_eq(heap.blocks_held, held, "%s: allocation %d", names[i], n);
        }
        cr_expect_not_null(whole);
        free((char *)cert.at);
        free((char *)key.at);
    }
}

Test(tls_memory, of_checks, .init = make_some, .fini = remove_certificates)
{
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *identity = identity_of("limited");
    struct tls_config config = {trust, identity};
    const char *fault = "";
    for (int n = 1; n < ALLOCATIONS_MAX && fault; n++) {
        int held = heap.blocks_held;
        memory_fails(n, false);
        fault = tls_identity_fault(&config, SPAN("Hands"), SPAN(""), today().real_ns);
        int allocations = memory_recovers();
        cr_expect_eq(fault != NULL, allocations >= n, "allocation %d: %s", n, fault);
        if (fault)
            cr_expect_str_eq(fault, "cannot be checked: memory has run out");
        cr_expect_eq(heap.blocks_held, held, "allocation %d", n);
    }
    cr_expect_null(fault);
    tls_identity_destroy(identity);
    tls_trust_destroy(trust);
}
