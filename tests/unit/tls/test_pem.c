/* test_pem.c — objects of PEM texts: what is read, what is broken, and that the next one is read
 * all the same. */
#include "core/tls/pem.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define BEGIN "-----BEGIN X-----\n"
#define END "-----END X-----\n"

/* "NAME=content" for each object, "!" for each that is broken. */
static const char *read_all(struct span text)
{
    static char said[256];
    char *to = said;
    struct pem p;
    enum pem_result result;
    *to = '\0';
    pem_begin(&p, text);
    while ((result = pem_next(&p)) != PEM_END) {
        cr_assert_neq(result, PEM_NO_MEMORY);
        to += result == PEM_OBJECT
                  ? sprintf(to, "%s=%.*s ", p.name, (int)p.der_len, (const char *)p.der)
                  : sprintf(to, "! ");
    }
    pem_end(&p);
    return said;
}

Test(pem, reads)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"", ""},
        {"\n", ""},
        {"words\n", ""},
        {BEGIN END, "X= "},
        {BEGIN "YQ==\n" END, "X=a "},
        {BEGIN "YWI=\n" END, "X=ab "},
        {BEGIN "YWJj\n" END, "X=abc "},
        {BEGIN "YWJjZA==\n" END, "X=abcd "},
        {BEGIN "YW\nJj\n" END, "X=abc "}, /* lines may be cut anywhere */
        {BEGIN "YWJj\n-----END X-----", "X=abc "}, /* the last line does not end */
        {"-----BEGIN X-----\r\nYWJj\r\n-----END X-----\r\n", "X=abc "},
        {"  " BEGIN "\tYWJj \n\n " END, "X=abc "},
        {"-----BEGIN A B-----\nYWJj\n-----END A B-----\n", "A B=abc "},
        {"about\n" BEGIN "YWJj\n" END "more\n" BEGIN "YQ==\n" END "end", "X=abc X=a "},
        {BEGIN "Pz8/\n" END BEGIN "fn5+\n" END, "X=??"
                                                "? X=~~~ "},
        {"\xef\xbb\xbf" BEGIN "YWJj\n" END, "X=abc "}, /* U+FEFF, as editors write it */
        {BEGIN "YWJj\n" END "\xef\xbb\xbf" BEGIN "YQ==\n" END, "X=abc X=a "},
        {"\xef\xbb" BEGIN "YWJj\n" END, ""},
        {BEGIN "YWJj\n", "! "}, /* cut off */
        {BEGIN "YWJj\n-----END X----", "! "},
        {BEGIN "YWJj\n-----END Y-----\n", "! "},
        {BEGIN "YWJ\n" END, "! "},
        {BEGIN "YWJj=\n" END, "! "},
        {BEGIN "Y===\n" END, "! "},
        {BEGIN "YQ==YQ==\n" END, "! "},
        {BEGIN "YQ=a\n" END, "! "},
        {BEGIN "Y,Jj\n" END, "! "},
        {BEGIN "Proc-Type: 4,ENCRYPTED\n\nYWJj\n" END, "! "},
        {BEGIN "Y,Jj\n" END BEGIN "YQ==\n" END, "! X=a "}, /* the next one is read */
        {BEGIN "YWJj\n" BEGIN "YQ==\n" END, "! X=a "},
        {END BEGIN "YQ==\n" END, "X=a "},
        {"-----BEGIN 0123456789012345678901234567890123456789012345678901234567890123-----\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(span_of(rows[i].text));
        cr_expect_str_eq(read_all(text), rows[i].said, "row %zu: %s", i, read_all(text));
        unbox(text);
    }
}

Test(pem, an_object_has_a_most)
{
    enum { GROUPS_MOST = PEM_OBJECT_BYTES_MAX / 3 };
    for (unsigned more = 0; more < 2; more++) {
        size_t groups = GROUPS_MOST + more;
        char *text = malloc(sizeof BEGIN + sizeof END + 4 * groups + 1), *to = text;
        to += sprintf(to, BEGIN);
        for (size_t i = 0; i < groups; i++, to += 4)
            memcpy(to, "YWJj", 4);
        sprintf(to, "\n" END);
        struct pem p;
        pem_begin(&p, span_of(text));
        cr_expect_eq(pem_next(&p), more ? PEM_BROKEN : PEM_OBJECT, "%zu groups", groups);
        cr_expect_eq(pem_next(&p), PEM_END);
        pem_end(&p);
        free(text);
    }
}
