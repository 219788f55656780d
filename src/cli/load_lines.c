/* load_lines.c — see load_lines.h. */
#include "cli/load_lines.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool load_lines_begin(struct load_lines *l, char *const *names, int count)
{
    *l = (struct load_lines){.names = count ? names : NULL,
        .names_count = count ? count : 1,
        .number = -1,
        .fd = -1,
        .window = malloc(LOAD_LINES_WINDOW_BYTES)};
    return l->window != NULL;
}

static void close_file(struct load_lines *l)
{
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    l->fd = -1;
}

void load_lines_end(struct load_lines *l)
{
    close_file(l);
    free(l->window);
}

/* false: it cannot be opened. */
static bool open_next(struct load_lines *l)
{
    const char *name = l->names ? l->names[l->number] : "-";
    bool is_stdin = strcmp(name, "-") == 0;
    l->name = is_stdin ? "standard input" : name;
    l->line = 0;
    l->start = l->len = 0;
    l->file_ended = l->skips = false;
    l->fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    l->error = l->fd < 0 ? errno : 0;
    return l->fd >= 0;
}

void load_lines_fill(struct load_lines *l)
{
    memmove(l->window, l->window + l->start, l->len - l->start);
    l->len -= l->start;
    l->start = 0;
    ssize_t got = read(l->fd, l->window + l->len, LOAD_LINES_WINDOW_BYTES - l->len);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    l->error = got < 0 ? errno : 0;
    l->file_ended = got <= 0;
    l->len += got > 0 ? (size_t)got : 0;
}

/* How many bytes up to the line's end, LF included; 0: it is not there yet. At the end of a file, a
 * line needs no LF. */
static size_t whole(const struct load_lines *l)
{
    size_t left = l->len - l->start;
    const char *lf = left ? memchr(l->window + l->start, '\n', left) : NULL;
    if (lf)
        return (size_t)(lf - (l->window + l->start)) + 1;
    return l->file_ended ? left : 0;
}

static enum load_lines_result cut(struct load_lines *l, size_t bytes, struct span *line)
{
    bool skipped = l->skips;
    *line = (struct span){l->window + l->start, bytes};
    l->start += bytes;
    l->skips = false;
    if (skipped) /* the rest of a long one, which was told already */
        return load_lines_next(l, line);
    l->line++;
    if (line->len && line->at[line->len - 1] == '\n')
        line->len--;
    if (line->len && line->at[line->len - 1] == '\r')
        line->len--;
    return line->len <= LOAD_LINES_BYTES_MAX ? LOAD_LINES_LINE : LOAD_LINES_LONG;
}

static enum load_lines_result end_file(struct load_lines *l)
{
    close_file(l);
    return l->error ? LOAD_LINES_BROKEN : LOAD_LINES_FILE_END;
}

enum load_lines_result load_lines_next(struct load_lines *l, struct span *line)
{
    if (l->fd < 0) {
        if (++l->number >= l->names_count)
            return LOAD_LINES_END;
        if (!open_next(l))
            return LOAD_LINES_BROKEN;
    }
    size_t bytes = whole(l);
    if (bytes)
        return cut(l, bytes, line);
    if (l->file_ended)
        return end_file(l);
    size_t left = l->len - l->start;
    if (left > LOAD_LINES_BYTES_MAX + 1) { /* in the middle of a line without an end */
        bool told = l->skips;
        l->start = l->len;
        l->skips = true;
        l->line += !told;
        if (!told)
            return LOAD_LINES_LONG;
    }
    return LOAD_LINES_WAITS;
}
