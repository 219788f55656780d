/* response.c — parses an answer, RFC 9112. The table of its parts is in http.h. Lines and chunk
 * sizes are parsed byte by byte, and the body is copied in blocks; so each byte has the same effect
 * however the stream is split. A header is held until the first byte of the next line shows that it
 * is not folded.
 *
 * Holds always: the body has at most HTTP_BODY_BYTES_MAX bytes, and what is left of a length or
 * chunk fits into that; a FAILED answer has an error and no body; only a header is held, and it is
 * not empty. */
#include "core/base/ascii.h"
#include "core/base/invariant.h"
#include "core/http/private.h"
#include <stdlib.h>

enum { BODY_BYTES_LEAST = 4096 };

void http_response_init(struct http_response *r)
{
    memset(r, 0, sizeof *r);
}

void http_response_deinit(struct http_response *r)
{
    free(r->body);
    http_response_init(r);
}

static void finish(struct http_response *r)
{
    ASSERT(r->state == HTTP_MORE && r->status >= 200);
    r->state = HTTP_DONE;
    r->reusable = r->one_one && !r->closes && r->part != HTTP_UNTIL_END;
}

/* HTTP/1.x SP 3DIGIT, then nothing, or a space and a phrase that is ignored. */
static void status_take(struct http_response *r, struct span line)
{
    if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || !ascii_is_digit(line.at[7]) ||
        line.at[8] != ' ' || !ascii_is_digit(line.at[9]) || !ascii_is_digit(line.at[10]) ||
        !ascii_is_digit(line.at[11]) || (line.len > 12 && line.at[12] != ' ')) {
        http_response_fail(r, "the answer does not begin like HTTP/1.1");
        return;
    }
    unsigned status = (unsigned)(line.at[9] - '0') * 100 + (unsigned)(line.at[10] - '0') * 10 +
                      (unsigned)(line.at[11] - '0');
    r->one_one = line.at[7] == '1';
    r->part = HTTP_HEADERS;
    if (status < 100 || status > 599)
        http_response_fail(r, "the answer's status is not between 100 and 599");
    else if (status == 101)
        http_response_fail(r, "the answer switches to another protocol");
    else if (status >= 200)
        r->status = status;
    else if (++r->interim > HTTP_INTERIM_MAX)
        http_response_fail(r, "too many interim answers");
}

/* Take the header that was held. A blank in front of the first header is not a fold, and parsers
 * differ in what they make of it (RFC 9112, 2.2). */
static void header_take(struct http_response *r)
{
    struct span line = {r->line, r->line_len};
    ASSERT(line.len > 0 && (r->part == HTTP_HEADERS || r->part == HTTP_TRAILERS));
    const char *colon = memchr(line.at, ':', line.len);
    struct span name = {line.at, colon ? (size_t)(colon - line.at) : 0};
    if (http_is_blank(line.at[0]))
        http_response_fail(r, "the answer has a blank in front of its first header");
    else if (!colon)
        http_response_fail(r, "the answer has a header without a colon");
    else if (!http_is_token(name))
        http_response_fail(r, "the answer has a header with an invalid name");
    else if (r->part == HTTP_HEADERS && r->status != 0)
        http_header_take(r, name, span_from(line, name.len + 1));
    r->line_len = 0;
    r->held = r->folded = false;
}

static void head_end(struct http_response *r)
{
    if (r->status == 0)
        r->part = HTTP_STATUS;
    else if (r->coded && r->length_known)
        http_response_fail(r, "the answer has both Content-Length and Transfer-Encoding");
    else if (r->coded && !r->chunked)
        http_response_fail(r, "the answer's Transfer-Encoding is not just chunked");
    else if (r->coded && !r->one_one)
        http_response_fail(r, "the answer has Transfer-Encoding, which HTTP/1.0 does not know");
    else if (r->status == 204 || r->status == 304 || (r->length_known && r->left == 0))
        finish(r);
    else
        r->part = r->chunked ? HTTP_SIZE : r->length_known ? HTTP_LENGTH : HTTP_UNTIL_END;
}

static void line_end(struct http_response *r)
{
    struct span line = {r->line, r->line_len};
    ASSERT(!r->held);
    if (r->part == HTTP_STATUS) {
        r->line_len = 0;
        status_take(r, line);
    } else if (line.len > 0 && !r->folded && ++r->headers > HTTP_HEADERS_MAX) {
        http_response_fail(r, "the answer has more than 100 headers");
    } else if (line.len > 0) {
        r->held = true;
    } else if (r->part == HTTP_TRAILERS) {
        finish(r);
    } else {
        head_end(r);
    }
}

/* A byte of a line. Returns whether it belongs to the text before the CRLF; *ended: whether it is
 * the LF. */
static bool text_byte(struct http_response *r, char byte, bool *ended)
{
    *ended = r->cr && byte == '\n';
    if (*ended) {
        r->cr = false;
        return false;
    }
    if (r->cr || byte == '\n')
        http_response_fail(r, "the answer has a line that does not end with CR LF");
    else if (byte == '\r')
        r->cr = true;
    else if (((unsigned char)byte < ' ' && byte != '\t') || byte == 0x7f)
        http_response_fail(r, "the answer has a control byte outside its body");
    else
        return true;
    return false;
}

/* The first byte of the line behind a header. Returns the byte that it stands for: a fold is a
 * space in the middle of the header (RFC 9112, 5.2). */
static char unfold(struct http_response *r, char byte)
{
    if (http_is_blank(byte)) {
        r->held = false;
        r->folded = true;
        return ' ';
    }
    header_take(r);
    return byte;
}

static void line_byte(struct http_response *r, char byte)
{
    if (r->held)
        byte = unfold(r, byte);
    if (r->state == HTTP_FAILED)
        return;
    bool ended, trailer = r->part == HTTP_TRAILERS;
    if (trailer && ++r->trailer_bytes > HTTP_TRAILER_BYTES_MAX)
        http_response_fail(r, "the answer's trailers are larger than 8 KiB");
    else if (!trailer && ++r->head_bytes > HTTP_HEAD_BYTES_MAX)
        http_response_fail(r, "the answer's headers are larger than 32 KiB");
    else if (!text_byte(r, byte, &ended)) {
        if (ended)
            line_end(r);
    } else if (r->line_len == HTTP_LINE_BYTES_MAX)
        http_response_fail(r, "the answer has a header of more than 8 KiB");
    else
        r->line[r->line_len++] = byte;
}

static void size_end(struct http_response *r)
{
    r->digits = 0;
    r->extension_bytes = 0;
    if (r->left > HTTP_BODY_BYTES_MAX - r->body_len)
        http_response_fail(r, "the answer's body is larger than 1 MiB");
    else
        r->part = r->left ? HTTP_CHUNK : HTTP_TRAILERS;
}

/* The line before a chunk: hexadecimal digits, then blanks, then perhaps a ';' and extensions, all
 * ignored. */
static void size_byte(struct http_response *r, char byte)
{
    bool ended;
    int value = r->part == HTTP_SIZE && !r->cr ? ascii_hex(byte) : -1;
    if (value >= 0) {
        r->left = r->left << 4 | (unsigned)value;
        if (++r->digits > HTTP_CHUNK_DIGITS_MAX)
            http_response_fail(r, "the answer has a chunk size of more than 256 digits");
        else if (r->left > HTTP_BODY_BYTES_MAX)
            http_response_fail(r, "the answer's body is larger than 1 MiB");
    } else if (r->digits == 0) {
        http_response_fail(r, "the answer has a chunk without a size");
    } else if (text_byte(r, byte, &ended)) {
        bool blank = http_is_blank(byte);
        if (r->part != HTTP_EXTENSION && byte != ';' && !blank)
            http_response_fail(r, "the answer has a chunk size that is no hexadecimal number");
        else if (++r->extension_bytes > HTTP_EXTENSION_BYTES_MAX)
            http_response_fail(r, "the answer has a chunk extension of more than 256 bytes");
        else if (byte == ';' || r->part == HTTP_SIZE)
            r->part = byte == ';' ? HTTP_EXTENSION : HTTP_SIZE_END;
    } else if (ended) {
        size_end(r);
    }
}

static void chunk_end_byte(struct http_response *r, char byte)
{
    if (byte != (r->cr ? '\n' : '\r')) {
        http_response_fail(r, "the answer has a chunk that does not end with CR LF");
        return;
    }
    if (r->cr)
        r->part = HTTP_SIZE;
    r->cr = !r->cr;
}

/* Make room for `more` bytes of the body; more > 0. false: out of memory. */
static bool body_reserve(struct http_response *r, size_t more)
{
    if (more <= r->body_room - r->body_len)
        return true;
    size_t room = r->body_room ? 2 * r->body_room : BODY_BYTES_LEAST;
    while (room < r->body_len + more)
        room *= 2;
    char *grown = realloc(r->body, room);
    if (!grown)
        return false;
    r->body = grown;
    r->body_room = room;
    return true;
}

static void body_take(struct http_response *r, struct span *in)
{
    size_t n = in->len;
    ASSERT(r->body_len <= HTTP_BODY_BYTES_MAX && r->body_len <= r->body_room);
    if (r->part != HTTP_UNTIL_END) {
        ASSERT(r->left > 0 && r->left <= HTTP_BODY_BYTES_MAX - r->body_len);
        n = r->left < n ? r->left : n;
    }
    if (n > HTTP_BODY_BYTES_MAX - r->body_len) {
        http_response_fail(r, "the answer's body is larger than 1 MiB");
        return;
    }
    if (!body_reserve(r, n)) {
        http_response_fail(r, "out of memory");
        return;
    }
    memcpy(r->body + r->body_len, in->at, n);
    r->body_len += n;
    *in = span_from(*in, n);
    if (r->part == HTTP_UNTIL_END)
        return;
    r->left -= n;
    if (r->left > 0)
        return;
    if (r->part == HTTP_LENGTH)
        finish(r);
    else
        r->part = HTTP_CHUNK_END;
}

enum http_state http_response_take(struct http_response *r, struct span *in)
{
    while (in->len && r->state == HTTP_MORE) {
        r->begun = true;
        if (r->part == HTTP_LENGTH || r->part == HTTP_UNTIL_END || r->part == HTTP_CHUNK) {
            body_take(r, in);
            continue;
        }
        char byte = in->at[0];
        *in = span_from(*in, 1);
        if (r->part >= HTTP_SIZE && r->part <= HTTP_EXTENSION)
            size_byte(r, byte);
        else if (r->part == HTTP_CHUNK_END)
            chunk_end_byte(r, byte);
        else
            line_byte(r, byte);
    }
    if (in->len)
        r->reusable = false;
    ASSERT(r->state != HTTP_FAILED || (r->error && !r->body));
    return r->state;
}

enum http_state http_response_end(struct http_response *r, bool clean)
{
    if (r->state != HTTP_MORE)
        return r->state;
    if (r->part == HTTP_UNTIL_END && clean)
        finish(r);
    else if (!r->begun)
        http_response_fail(r, "the connection ended before the answer");
    else if (r->part == HTTP_STATUS || r->part == HTTP_HEADERS)
        http_response_fail(r, "the connection ended in the middle of the answer's head");
    else
        http_response_fail(r, "the connection ended in the middle of the answer's body");
    return r->state;
}
