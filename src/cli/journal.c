/* journal.c — `stampede journal`: what lies in the folder of a journal, and whether it is well.
 *
 * Each file is read for itself, so that all is said of each; --stamps puts them together as a node
 * would that starts. Nothing is changed, and no node is needed. */
#include "cli/commands.h"
#include "cli/grid.h"
#include "cli/options.h"
#include "core/base/invariant.h"
#include "core/base/log.h"
#include "core/journal/names.h"
#include "core/journal/scan.h"
#include "files/entropy.h"
#include "files/journal_folder.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: stampede journal FOLDER\n"
    "       stampede journal --stamps FOLDER\n\n"
    "Check all files of a node's journal (journal.dir), and show what is in them. No\n"
    "node has to run; if the folder's own does, its last bytes may be cut off.\n\n"
    "      --stamps  print the newest stamp of each client instead, as lines of AT,\n"
    "                in the order in which they changed; also of damaged files\n"
    "  -h, --help    print this text\n\n"
    "  clean      all that was written is there\n"
    "  torn       it ends in the middle of a write: a process or machine had stopped\n"
    "  reordered  the same: later writes were on the disk, earlier ones were not\n"
    "  damaged    bytes that had been on the disk are wrong or missing\n"
    "  unsealed   a base that does not have all that it should\n"
    "  empty      nothing was written to it\n\n"
    "Exit codes: 0 well; 1 something is damaged, or cannot be read; 2 wrong command\n"
    "line.\n\n"
    "Example: stampede journal data/Goloman\n";

/* A file, as far as it could be read. */
struct report {
    struct found_file file;
    enum file_verdict head;
    struct file_header header;
    struct scan_result scan;
};

/* -- reading ----------------------------------------------------------------------------------- */

static void read_head(struct journal_folder *f, struct report *r)
{
    unsigned char bytes[FILE_HEADER_BYTES];
    ssize_t got = journal_folder_get(f, &r->file, 0, bytes, sizeof bytes);
    struct file_expected any = {.kind = r->file.kind, .seq = r->file.seq};
    struct span all = {(const char *)bytes, got < 0 ? 0 : (size_t)got};
    r->head = file_header_parse(all, &any, &r->header);
}

/* Where the log behind it says that it ended. */
static struct file_predecessor known_end(
    const struct report *all, unsigned count, const struct report *r)
{
    for (unsigned i = 0; i < count; i++)
        if (r->file.kind == FILE_LOG && all[i].file.kind == FILE_LOG && all[i].head == FILE_FINE &&
            all[i].header.predecessor.seq == r->file.seq)
            return all[i].header.predecessor;
    return (struct file_predecessor){0};
}

/* false: out of memory. */
static bool read_rest(
    struct journal_folder *f, const struct report *all, unsigned count, struct report *r)
{
    struct scan scan;
    struct scan_event e;
    struct stamp_text text;
    unsigned char *window = malloc(SCAN_WINDOW_BYTES);
    if (!window)
        return false;
    bool sound = r->head == FILE_FINE;
    file_scan_init(&scan,
        &(struct scan_file){.header = sound ? &r->header : NULL,
            .kind = r->file.kind,
            .size = r->file.bytes,
            .change_before = sound ? r->header.change_before : 0,
            .known = known_end(all, count, r)},
        window);
    for (enum scan_step step; (step = file_scan_next(&scan, &e, &text)) != SCAN_DONE;) {
        if (step != SCAN_READ)
            continue;
        ssize_t got = journal_folder_get(f, &r->file, e.read.offset, e.read.into, e.read.bytes);
        if (got < 0)
            file_scan_unreadable(&scan);
        else
            file_scan_filled(&scan, (size_t)got);
    }
    r->scan = scan.result;
    free(window);
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct report *x = a, *y = b;
    if (x->file.seq != y->file.seq)
        return x->file.seq < y->file.seq ? -1 : 1;
    return x->file.kind == FILE_BASE ? -1 : y->file.kind == FILE_BASE;
}

/* -- showing ----------------------------------------------------------------------------------- */

static const char *head_word(enum file_verdict v)
{
    static const char *const words[] = {
        [FILE_FOREIGN] = "no journal",
        [FILE_DAMAGED] = "damaged",
        [FILE_NEWER] = "newer version",
        [FILE_OTHER_HASH] = "other version",
        [FILE_OTHER_NAME] = "misnamed",
        [FILE_UNSOUND] = "damaged",
    };
    const char *word = v < sizeof words / sizeof *words ? words[v] : NULL;
    return word ? word : "";
}

static const char *scan_word(enum scan_verdict v)
{
    static const char *const words[] = {
        [SCAN_CLEAN] = "clean",
        [SCAN_TORN] = "torn",
        [SCAN_REORDERED] = "reordered",
        [SCAN_DAMAGED] = "damaged",
        [SCAN_UNSEALED] = "unsealed",
        [SCAN_EMPTY] = "empty",
    };
    ASSERT(v < sizeof words / sizeof *words);
    return words[v];
}

/* Whether a node could start on it without repair. An empty log is one that was being made. */
static bool is_well(const struct report *r)
{
    if (r->scan.verdict == SCAN_EMPTY && r->file.kind == FILE_LOG)
        return true;
    return r->head == FILE_FINE &&
           (r->scan.verdict == SCAN_CLEAN || r->scan.verdict == SCAN_TORN ||
               r->scan.verdict == SCAN_REORDERED);
}

static const char *verdict_word(const struct report *r)
{
    return r->head == FILE_FINE || r->scan.verdict == SCAN_EMPTY ? scan_word(r->scan.verdict)
                                                                  : head_word(r->head);
}

static void put_clock(struct grid *g, unsigned row, unsigned column, int64_t clock_ns)
{
    char text[32] = "";
    struct buf b = buf_over(text, sizeof text - 1);
    if (clock_ns)
        log_time_put(&b, clock_ns);
    if (b.len > 19)
        text[19] = '\0'; /* seconds will do */
    grid_put(g, row, column, "%s", clock_ns ? text : "-");
}

static bool show(const struct report *all, unsigned count)
{
    static const struct grid_column columns[] = {
        {"FILE", true, 0}, {"", true, 0}, {"BYTES", false, 2}, {"STAMPS", false, 0},
        {"CHANGE", false, 1}, {"HOLES", false, 3}, {"WRITTEN UNTIL", true, 4}};
    struct grid g;
    bool well = grid_begin(&g, columns, sizeof columns / sizeof *columns, count);
    for (unsigned i = 0; well && i < count; i++) {
        const struct report *r = &all[i];
        grid_put(&g, i, 0, "%s", journal_name_of(r->file.kind, r->file.seq, false).text);
        grid_put(&g, i, 1, "%s", verdict_word(r));
        grid_put(&g, i, 2, "%" PRIu64, r->file.bytes);
        grid_put(&g, i, 3, "%" PRIu64, r->scan.stamps);
        grid_put(&g, i, 4, "%" PRIu64, r->scan.change);
        grid_put(&g, i, 5, "%" PRIu64, r->scan.holes);
        put_clock(&g, i, 6, r->scan.clock_ns);
    }
    if (well)
        grid_print(&g, stdout, 0, count, GRID_WIDTH, "\n");
    grid_end(&g);
    return well;
}

static int check(struct journal_folder *f)
{
    unsigned count = f->files_count, faults = 0;
    struct report *all = calloc(count + 1, sizeof *all);
    bool well = all != NULL;
    for (unsigned i = 0; well && i < count; i++) {
        all[i].file = f->files[i];
        read_head(f, &all[i]);
    }
    if (well)
        qsort(all, count, sizeof *all, compare);
    for (unsigned i = 0; well && i < count; i++) {
        well = read_rest(f, all, count, &all[i]);
        faults += !is_well(&all[i]);
    }
    if (well && count)
        well = show(all, count);
    for (unsigned i = 0; well && i < count; i++)
        if (all[i].head == FILE_FINE) {
            const struct file_header *h = &all[i].header;
            printf("herd %.*s, node %.*s\n", h->herd.len, h->herd.text, h->node.len, h->node.text);
            break;
        }
    free(all);
    if (!well)
        complain("out of memory");
    else if (!count)
        complain("%s has no file of a journal", f->path);
    else if (faults)
        complain("%u of %u files are damaged; a node that starts on them goes on with what is "
                 "good, and gets the rest from its neighbours",
            faults, count);
    return well && count && !faults ? EXIT_WELL : EXIT_SAID_NO;
}

static int print_stamps(struct journal_folder *f)
{
    static char memory[STAMPEDE_LINE_BYTES_MAX + 1024];
    static struct stamp_text text;
    struct store_config config = {.stamps_max = UINT64_C(1) << 31, .when_full = STORE_REFUSES};
    struct feed_item item;
    entropy_fill(config.seed, sizeof config.seed);
    if (!journal_folder_recover(f, (struct span){0}, (struct span){0}, &config, stderr))
        return EXIT_SAID_NO;
    unsigned cursor = store_cursor_open(f->store);
    while (store_cursor_peek(f->store, cursor, &item, &text)) {
        struct buf line = buf_over(memory, sizeof memory);
        stamp_at_put(&line, &item.stamp);
        buf_byte(&line, '\n');
        if (fwrite(memory, 1, line.len, stdout) != line.len)
            break;
        store_cursor_pass(f->store, cursor);
    }
    bool damaged = f->found.figures.damaged || f->found.figures.digest_differs;
    if (damaged)
        complain("%s is damaged; these are the stamps that are good", f->path);
    return damaged ? EXIT_SAID_NO : EXIT_WELL;
}

int cli_journal(int argc, char **argv)
{
    struct options o;
    struct journal_folder folder;
    bool stamps = options_take_word(&argc, argv, "--stamps");
    int code = options_read(&o, argc, argv, "", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count != 1) {
        complain("journal needs one argument, a folder; see `stampede journal --help`");
        return EXIT_USAGE;
    }
    code = EXIT_SAID_NO;
    if (journal_folder_view(&folder, o.words[0], stderr))
        code = stamps ? print_stamps(&folder) : check(&folder);
    if (folder.in_use)
        complain("a node has this folder in use: what it wrote last may be cut off");
    journal_folder_close(&folder);
    return code;
}
