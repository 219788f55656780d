/* dump.c — `stampede dump`: writes every stamp of a node as AT lines (PROTOCOL.md, "Dumps and
 * loads").
 *
 * What is written is whole only if it ends with the last comment of dump_file.h, which is written
 * when all lines that the node has said were counted and summed up. Whatever comes in between, a
 * node that ends, a full disk, Ctrl-C, is told, and in the file as well, if it can be. */
#include "cli/commands.h"
#include "cli/dump_file.h"
#include "cli/stream.h"
#include "cli/ticker.h"
#include "core/base/escape.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "io/reason.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WRITTEN_BYTES = 256 << 10, /* at a time */
    LINE_BYTES_MAX = (16 << 10) * ESCAPE_GROWTH,
    SILENCE_MS = 30000, /* of the node */
};

static const char help[] =
    "Usage: stampede dump [-n NODE] [-c FILE] >FILE\n\n"
    "Write every stamp that a node holds to standard output, as AT lines, for\n"
    "`stampede load`. The first line, a comment, names the change number up to which\n"
    "all is here at least; the last one the change of which it is exactly: the last\n"
    "line of each client is what the node held then. Clients that move meanwhile may\n"
    "come twice. What does not end with that line is not whole.\n\n"
    "  -n, --node NODE      the node; default: the first of the topology\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -h, --help           print this text\n\n"
    "The node must know who asks: by the secret_file, or with TLS by the key of some\n"
    "node on this machine. Standard error shows how far it is, on a terminal.\n\n"
    "Exit codes: 0 the dump is whole, 1 it is not (standard error says why), 2 wrong\n"
    "command line.\n\n"
    "Example: stampede dump -n Hands | gzip >herd.gz\n";

struct dumping {
    struct stream stream;
    const struct herd *herd;
    bool begun, whole;
    bool to_terminal;
    struct dump_head head;
    struct dump_end end;
    uint64_t lines, sum; /* of what came */
    char why[ASK_WHY_BYTES_MAX + 64]; /* why it is not whole */
    int write_error; /* an errno; EPIPE: whoever read has gone */
    size_t len;
    char out[WRITTEN_BYTES + LINE_BYTES_MAX];
};

/* -- output ------------------------------------------------------------------------------------ */

/* false: it cannot be written, or Ctrl-C came. */
static bool flush(struct dumping *d)
{
    size_t done = 0;
    while (done < d->len && !d->write_error) {
        ssize_t n = write(STDOUT_FILENO, d->out + done, d->len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            d->write_error = errno;
        else if (stream_interrupted)
            break;
    }
    d->len -= done;
    memmove(d->out, d->out + done, d->len);
    return !d->len;
}

static bool put(struct dumping *d, struct span line)
{
    struct buf out = buf_over(d->out, sizeof d->out);
    out.len = d->len;
    if (d->to_terminal)
        escape_put(&out, ESCAPE_TERMINAL, line);
    else
        buf_span_put(&out, line);
    ASSERT(!out.overflow);
    d->len = out.len;
    return d->len < WRITTEN_BYTES || flush(d);
}

static bool put_comment(struct dumping *d, struct buf comment)
{
    ASSERT(!comment.overflow);
    return put(d, buf_span(&comment));
}

/* -- what the node says ------------------------------------------------------------------------ */

static void fail(struct dumping *d, const char *why)
{
    if (!*d->why)
        snprintf(d->why, sizeof d->why, "%s %s", d->stream.name, why);
}

static void hear_head(struct dumping *d, struct span line)
{
    char text[DUMP_FILE_COMMENT_BYTES];
    struct buf comment = buf_over(text, sizeof text);
    d->begun = dump_head_parse(line, &d->head);
    if (!d->begun) {
        fail(d, "says something else than a dump");
        return;
    }
    dump_head_put(&comment, &d->head, d->stream.name, d->herd->topology.herd,
        clock_now().real_ns);
    if (!put_comment(d, comment))
        fail(d, "could not be written");
    if (d->head.partial)
        complain("%s has refused or evicted stamps, so it may lack some that others hold",
            d->stream.name);
}

static void hear_end(struct dumping *d, struct span line)
{
    char text[DUMP_FILE_COMMENT_BYTES];
    struct buf comment = buf_over(text, sizeof text);
    if (!dump_end_parse(line, &d->end) || d->end.lines != d->lines || d->end.sum != d->sum) {
        fail(d, "says an end that does not fit what it said before");
        return;
    }
    dump_end_put(&comment, &d->end);
    d->whole = put_comment(d, comment) && flush(d);
}

static void hear(struct dumping *d, struct span line)
{
    struct stamp stamp;
    if (!d->begun) {
        hear_head(d, line);
        return;
    }
    if (dump_file_stamp(line, &stamp)) {
        hear_end(d, line);
        return;
    }
    d->lines++;
    d->sum += stamp_hash(&stamp);
    if (!put(d, (struct span){line.at, line.len + 1})) /* its LF as well */
        fail(d, "could not be written");
}

/* -- the command ------------------------------------------------------------------------------- */

static void listen(struct dumping *d)
{
    struct ticker ticker;
    struct span line;
    int64_t heard_ns = clock_mono_ns();
    ticker_begin(&ticker, !d->to_terminal);
    while (!d->whole && !*d->why && !stream_interrupted && !d->write_error) {
        if (stream_line(&d->stream, &line)) {
            hear(d, line);
            continue;
        }
        if (d->stream.over) {
            fail(d, d->stream.why);
            break;
        }
        ticker_show(&ticker, d->lines, d->head.stamps);
        size_t before = d->stream.in_len;
        stream_wait(&d->stream, -1, TICKER_PAUSE_MS);
        if (d->stream.in_len > before)
            heard_ns = clock_mono_ns();
        else if (clock_mono_ns() - heard_ns > SILENCE_MS * MS_NS)
            fail(d, "has said nothing for 30 s");
    }
    ticker_end(&ticker);
}

/* The file is to say that it is not whole, if it takes that. */
static void put_cut(struct dumping *d)
{
    char text[DUMP_FILE_COMMENT_BYTES];
    struct buf comment = buf_over(text, sizeof text);
    stream_interrupted = 0;
    if (!d->begun)
        return;
    dump_cut_put(&comment, d->lines, d->why);
    if (put_comment(d, comment))
        (void)flush(d);
}

static int conclude(struct dumping *d)
{
    if (d->whole)
        return EXIT_WELL;
    if (stream_interrupted && !d->write_error)
        snprintf(d->why, sizeof d->why, "the dump was interrupted");
    if (d->write_error == EPIPE)
        return EXIT_SAID_NO;
    if (d->write_error) {
        complain("cannot write the dump, which is not whole: %s", reason_of(d->write_error));
        return EXIT_SAID_NO;
    }
    put_cut(d);
    complain("%s; the dump is not whole: it has %" PRIu64 " stamps", d->why, d->lines);
    return EXIT_SAID_NO;
}

static int dump(const struct herd *herd, unsigned node)
{
    struct dumping *d = calloc(1, sizeof *d);
    int code = EXIT_SAID_NO;
    if (!d) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    d->herd = herd;
    d->to_terminal = isatty(STDOUT_FILENO);
    stream_catch_interrupt();
    if (stream_open(&d->stream, herd, node, SPAN("DUMP"))) {
        listen(d);
        stream_end(&d->stream);
        code = conclude(d);
    }
    free(d);
    return code;
}

int cli_dump(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "cn", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count) {
        complain("dump takes no arguments, and writes to standard output; see "
                 "`stampede dump --help`");
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    int node = o.node ? herd_node(&herd.topology, &o, o.node) : 0;
    if (node < 0 || !herd_observes(&herd, &o))
        code = EXIT_SAID_NO;
    else
        code = dump(&herd, (unsigned)node);
    herd_close(&herd);
    return code;
}
