/* pem.c — see pem.h. */
#include "core/pem.h"
#include <stdlib.h>

/* BearSSL has no word for "stop": what finds no room is remembered as `starved`. Room is never
 * moved by realloc, which would leave a copy of a key behind. */
static void take_der(void *context, const void *bytes, size_t len)
{
    struct pem *p = context;
    if (!p->der) {
        p->der = malloc(PEM_OBJECT_BYTES_MAX);
        p->der_room = p->der ? PEM_OBJECT_BYTES_MAX : 0;
    }
    if (len > p->der_room - p->der_len) {
        p->starved = true;
        return;
    }
    memcpy(p->der + p->der_len, bytes, len);
    p->der_len += len;
}

void pem_begin(struct pem *p, struct span text)
{
    *p = (struct pem){.text = text};
    br_pem_decoder_init(&p->decoder);
}

const char *pem_name(struct pem *p)
{
    return br_pem_decoder_name(&p->decoder);
}

/* The next bytes for the decoder: up to a CR, which is left out; at the end one more LF. */
static struct span next_piece(struct pem *p)
{
    while (p->text.len && *p->text.at == '\r')
        p->text = span_from(p->text, 1);
    const char *cr = p->text.len ? memchr(p->text.at, '\r', p->text.len) : NULL;
    return (struct span){p->text.at, cr ? (size_t)(cr - p->text.at) : p->text.len};
}

static void push(struct pem *p)
{
    struct span piece = next_piece(p);
    if (piece.len) {
        size_t taken = br_pem_decoder_push(&p->decoder, piece.at, piece.len);
        p->text = span_from(p->text, taken);
    } else {
        p->ended = br_pem_decoder_push(&p->decoder, "\n", 1) == 1;
    }
}

enum pem_result pem_next(struct pem *p)
{
    for (;;) {
        switch (br_pem_decoder_event(&p->decoder)) {
        case BR_PEM_BEGIN_OBJ:
            p->inside = true;
            p->starved = false;
            p->der_len = 0;
            br_pem_decoder_setdest(&p->decoder, take_der, p);
            break;
        case BR_PEM_END_OBJ:
            p->inside = false;
            if (p->starved)
                return p->der ? PEM_BROKEN : PEM_NO_MEMORY;
            return PEM_OBJECT;
        case BR_PEM_ERROR:
            p->inside = false;
            return PEM_BROKEN;
        default:
            break;
        }
        if (p->ended) {
            bool cut_off = p->inside;
            p->inside = false;
            return cut_off ? PEM_BROKEN : PEM_END;
        }
        push(p);
    }
}

void pem_end(struct pem *p)
{
    if (p->der)
        memset(p->der, 0, p->der_len);
    /* the compiler must not take the wiping for useless */
    __asm__ volatile("" : : "r"(p->der) : "memory");
    free(p->der);
    *p = (struct pem){0};
}
