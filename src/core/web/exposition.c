/* exposition.c — see exposition.h. */
#include "core/web/exposition.h"
#include "core/base/invariant.h"

void exposition_family(
    struct buf *out, const char *name, enum exposition_kind kind, const char *help)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    ASSERT(kind < sizeof kinds / sizeof *kinds && !strchr(help, '\n') && !strchr(help, '\\'));
    buf_text(out, "# HELP ");
    buf_text(out, name);
    buf_byte(out, ' ');
    buf_text(out, help);
    buf_text(out, "\n# TYPE ");
    buf_text(out, name);
    buf_byte(out, ' ');
    buf_text(out, kinds[kind]);
    buf_byte(out, '\n');
}

static void put_name(struct buf *out, const char *name, const char *label, struct span value)
{
    buf_text(out, name);
    if (label) {
        buf_byte(out, '{');
        buf_text(out, label);
        buf_text(out, "=\"");
        for (size_t i = 0; i < value.len; i++) {
            if (value.at[i] == '\n') {
                buf_text(out, "\\n");
                continue;
            }
            if (value.at[i] == '"' || value.at[i] == '\\')
                buf_byte(out, '\\');
            buf_byte(out, value.at[i]);
        }
        buf_text(out, "\"}");
    }
    buf_byte(out, ' ');
}

/* Seconds, with as many decimals as are not zero. */
static void put_seconds(struct buf *out, uint64_t ns)
{
    buf_u64(out, ns / 1000000000);
    unsigned rest = (unsigned)(ns % 1000000000);
    if (rest)
        buf_byte(out, '.');
    for (unsigned unit = 100000000; rest; unit /= 10) {
        buf_byte(out, (char)('0' + rest / unit));
        rest %= unit;
    }
}

void exposition_count(
    struct buf *out, const char *name, const char *label, struct span value, uint64_t count)
{
    put_name(out, name, label, value);
    buf_u64(out, count);
    buf_byte(out, '\n');
}

void exposition_seconds(
    struct buf *out, const char *name, const char *label, struct span value, int64_t ns)
{
    put_name(out, name, label, value);
    if (ns < 0)
        buf_byte(out, '-');
    put_seconds(out, ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns);
    buf_byte(out, '\n');
}

void exposition_single(
    struct buf *out, const char *name, enum exposition_kind kind, const char *help, uint64_t count)
{
    exposition_family(out, name, kind, help);
    exposition_count(out, name, NULL, (struct span){0}, count);
}

void exposition_histogram(struct buf *out, const char *name, const char *help,
    const struct histogram *h, unsigned first, unsigned last)
{
    uint64_t total = histogram_total(h);
    exposition_family(out, name, EXPOSITION_HISTOGRAM, help);
    for (unsigned doubling = first; doubling <= last; doubling++) {
        buf_text(out, name);
        buf_text(out, "_bucket{le=\"");
        put_seconds(out, UINT64_C(1) << doubling);
        buf_text(out, "\"} ");
        buf_u64(out, histogram_within(h, doubling));
        buf_byte(out, '\n');
    }
    buf_text(out, name);
    buf_text(out, "_bucket{le=\"+Inf\"} ");
    buf_u64(out, total);
    buf_byte(out, '\n');
    buf_text(out, name);
    buf_text(out, "_sum ");
    put_seconds(out, h->sum_ns);
    buf_byte(out, '\n');
    buf_text(out, name);
    buf_text(out, "_count ");
    buf_u64(out, total);
    buf_byte(out, '\n');
}
