/* test_siphash.c — compared with OpenSSL's SIPHASH with c-rounds 1 and d-rounds 3. */
#include "core/base/siphash.h"
#include <criterion/criterion.h>

static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

Test(siphash, known_values)
{
    static const struct {
        size_t len; /* of the input 00 01 02 … */
        uint64_t hash;
    } cases[] = {
        {0, 0xabac0158050fc4dc},
        {1, 0xc9f49bf37d57ca93},
        {7, 0xd3927d989bb11140},
        {8, 0x369095118d299a8e},
        {15, 0xd320d86d2a519956},
        {16, 0xcc4fdd1a7d908b66},
        {20, 0xc0dc2f46a6cce040},
        {63, 0x9d199062b7bbb3a8},
    };
    char input[63];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (char)i;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(siphash13(key, (struct span){input, cases[i].len}), cases[i].hash, "%zu bytes",
            cases[i].len);
}

Test(siphash, depends_on_the_key)
{
    const uint64_t other[2] = {key[0], key[1] ^ 1};
    cr_expect_neq(siphash13(key, SPAN("kiwi")), siphash13(other, SPAN("kiwi")));
}

Test(siphash, does_not_depend_on_where_the_bytes_lie)
{
    char memory[64];
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(memory + shift, "a client with a long name", 25);
        cr_expect_eq(siphash13(key, (struct span){memory + shift, 25}),
            siphash13(key, SPAN("a client with a long name")));
    }
}
