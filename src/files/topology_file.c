/* topology_file.c — see topology_file.h.
 *
 * libconfuse calls back with each value, its section and its line; that goes to the draft at once,
 * its own tree of values is never looked at. It has three habits that this file works around:
 *
 *  - It gives up at an unknown word. So the word is added to what it knows, first as a key, then as
 *    a section, then as a section with a name, and the text is read again from the start.
 *  - It tells of a section only when that has ended. So each node has one more key, with a default
 *    that is "read" when the node begins, and whose name nobody can write.
 *  - It hands callbacks no pointer of the caller's. So there is one reader at a time.
 *
 * Keys are the same in all sections as far as libconfuse knows; which belong where is the draft's
 * matter. Lines are right because comments are gone before (topology_text.h). */
#include "files/topology_file.h"
#include "core/base/invariant.h"
#include "files/topology_text.h"
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORDS_MAX = 48, WORD_BYTES_MAX = 63, OPTIONS_MAX = 32 + WORDS_MAX };

/* What an unknown word is taken for; each after the one before did not fit. */
enum word_kind { WORD_KEY, WORD_SECTION, WORD_NODE, WORD_KINDS };

struct word {
    char text[WORD_BYTES_MAX + 1];
    const char *section; /* where it was met first; NULL: in a section that does not exist */
    int line;
    enum word_kind kind;
    bool told;
};

struct reader {
    struct topology_draft *draft;
    cfg_t *root;
    struct word words[WORDS_MAX];
    unsigned words_count;
    bool again; /* a word was learnt: this reading is void */
    bool full; /* of nodes */
    bool ended; /* reading did, before the end of the file, and a fault says why */
};

static struct reader *reading;

/* -- where libconfuse is ----------------------------------------------------------------------- */

/* As topology_draft_value wants it; NULL inside a section that does not exist. */
static const char *section_of(const cfg_t *cfg)
{
    static const char *const known[] = {"node", "limits", "places", "tls"};
    if (cfg == reading->root)
        return "";
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(cfg->name, known[i]) == 0)
            return known[i];
    return cfg->title ? "node" : NULL;
}

static struct word *find_word(const char *text)
{
    for (unsigned i = 0; i < reading->words_count; i++)
        if (strcmp(reading->words[i].text, text) == 0)
            return &reading->words[i];
    return NULL;
}

static void tell_word(struct word *w, int line, const char *section)
{
    if (section)
        topology_draft_unknown(reading->draft, line, section, span_of(w->text));
    w->told = true;
}

/* -- what it finds ----------------------------------------------------------------------------- */

static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    *(const char **)result = value;
    if (reading->full)
        return -1;
    const char *section = section_of(cfg);
    struct word *unknown = find_word(option->name);
    if (unknown && option->nvalues == 1)
        tell_word(unknown, cfg->line, section);
    else if (!unknown && section)
        topology_draft_value(
            reading->draft, cfg->line, section, span_of(option->name), span_of(value));
    return 0;
}

/* A section with a name can only be meant as a node, whatever its word. */
static int on_node_begin(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    (void)option;
    *(const char **)result = value;
    struct word *unknown = find_word(cfg->name);
    if (unknown)
        tell_word(unknown, cfg->line, "");
    if (!topology_draft_node(reading->draft, cfg->line, span_of(cfg->title))) {
        topology_draft_cut(reading->draft);
        reading->full = reading->ended = true; /* an error from here would end the process */
    }
    return 0;
}

static int on_node_end(cfg_t *cfg, cfg_opt_t *option)
{
    (void)cfg;
    (void)option;
    return reading->full;
}

/* -- what it stumbles over --------------------------------------------------------------------- */

static void give_up(const cfg_t *cfg, const char *what, const char *word)
{
    topology_draft_fault(reading->draft, cfg->line, false, "%s%.60s%s; what follows was not read",
        what, word, *word ? "\"" : "");
    topology_draft_cut(reading->draft);
    reading->ended = true;
}

static void give_up_at_unknown(const cfg_t *cfg, const char *text)
{
    const char *section = section_of(cfg);
    struct word *w = find_word(text);
    if (section && !(w && w->told))
        topology_draft_unknown(reading->draft, cfg->line, section, span_of(text));
    if (w && section)
        w->told = true;
    give_up(cfg, "reading ended at \"", text);
}

static void on_unknown(const cfg_t *cfg, const char *text)
{
    if (strcmp(text, "node") == 0 || strcmp(text, "limits") == 0 || strcmp(text, "places") == 0) {
        give_up(cfg,
            cfg == reading->root ? "this is out of place: \""
                                 : "a \"}\" must be missing before this \"",
            text);
        return;
    }
    /* "|" and "=" are paths to libconfuse, "root" is the section with which it clears up. */
    if (find_word(text) || reading->words_count == WORDS_MAX || strlen(text) > WORD_BYTES_MAX ||
        strpbrk(text, "|=") || strcmp(text, "root") == 0) {
        give_up_at_unknown(cfg, text);
        return;
    }
    struct word *w = &reading->words[reading->words_count++];
    *w = (struct word){.section = section_of(cfg), .line = cfg->line};
    snprintf(w->text, sizeof w->text, "%s", text);
    reading->again = true;
}

/* libconfuse's messages with one text as argument, and ours. */
static const struct {
    const char *theirs, *ours;
} complaints[] = {
    {"unexpected token '%s'", "this is out of place: \""},
    {"missing equal sign after option '%s'", "a \"=\" is missing after \""},
    {"missing opening brace for section '%s'", "a \"{\" is missing after \""},
    {"missing title for section '%s'", "a name is missing after \""},
    {"attempt to append to non-list option '%s'", "a \"=\" without \"+\" must follow \""},
    {"bad escape sequence '%s'", "this means nothing in a text: \""},
    {"invalid octal number '%s'", "this means nothing in a text: \""},
};

static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
    if (strcmp(format, "no such option '%s'") == 0) {
        on_unknown(cfg, va_arg(arguments, const char *));
        return;
    }
    if (strcmp(format, "premature end of file") == 0) {
        give_up(cfg, "the file ends in the middle of an item", "");
        return;
    }
    if (strcmp(format, "unexpected closing brace") == 0) {
        give_up(cfg, "a \"}\" stands here that closes nothing", "");
        return;
    }
    for (unsigned i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        if (strcmp(format, complaints[i].theirs) != 0)
            continue;
        const char *text = va_arg(arguments, const char *);
        struct word *unknown = find_word(text);
        if (unknown && strncmp(format, "missing", 7) == 0 && ++unknown->kind < WORD_KINDS)
            reading->again = true;
        else if (unknown && strncmp(format, "missing", 7) == 0)
            give_up_at_unknown(cfg, text);
        else
            give_up(cfg, complaints[i].ours, text);
        return;
    }
    char text[128];
    vsnprintf(text, sizeof text, format, arguments);
    give_up(cfg, "this cannot be read: \"", text);
}

/* -- one reading ------------------------------------------------------------------------------- */

/* Every key that there is, and the unknown words taken for keys; ends with CFG_END. */
static void list_keys(cfg_opt_t *out)
{
    for (unsigned i = 0; topology_key(i); i++) {
        if (strcmp(topology_key(i), "talks_to") == 0)
            *out++ = (cfg_opt_t)CFG_STR_LIST_CB(topology_key(i), 0, CFGF_NODEFAULT, on_value);
        else
            *out++ = (cfg_opt_t)CFG_STR_CB(topology_key(i), 0, CFGF_NODEFAULT, on_value);
    }
    for (unsigned i = 0; i < reading->words_count; i++)
        if (reading->words[i].kind == WORD_KEY)
            *out++ =
                (cfg_opt_t)CFG_STR_LIST_CB(reading->words[i].text, 0, CFGF_NODEFAULT, on_value);
    *out = (cfg_opt_t)CFG_END();
}

static cfg_opt_t node_option(const char *name, cfg_opt_t *keys)
{
    cfg_opt_t option = CFG_SEC(name, keys, CFGF_MULTI | CFGF_TITLE);
    option.validcb = on_node_end;
    return option;
}

static bool parse(struct span text)
{
    cfg_opt_t keys[OPTIONS_MAX], node_keys[OPTIONS_MAX + 1], top[OPTIONS_MAX + 5];
    list_keys(keys);
    node_keys[0] = (cfg_opt_t)CFG_STR_LIST_CB("=", "{begin}", CFGF_NONE, on_node_begin);
    list_keys(node_keys + 1);
    unsigned n = 0;
    top[n++] = node_option("node", node_keys);
    top[n++] = (cfg_opt_t)CFG_SEC("limits", keys, CFGF_NODEFAULT);
    top[n++] = (cfg_opt_t)CFG_SEC("places", keys, CFGF_NODEFAULT);
    top[n++] = (cfg_opt_t)CFG_SEC("tls", keys, CFGF_NODEFAULT);
    for (unsigned i = 0; i < reading->words_count; i++) {
        const struct word *w = &reading->words[i];
        if (w->kind == WORD_SECTION)
            top[n++] = (cfg_opt_t)CFG_SEC(w->text, keys, CFGF_NODEFAULT);
        else if (w->kind == WORD_NODE)
            top[n++] = node_option(w->text, node_keys);
    }
    list_keys(top + n);
    FILE *file = text.len ? fmemopen((void *)text.at, text.len, "r") : NULL;
    reading->root = cfg_init(top, CFGF_NONE);
    bool well = reading->root && (file || text.len == 0);
    if (well) {
        cfg_set_error_function(reading->root, on_error);
        int result = file ? cfg_parse_fp(reading->root, file) : CFG_SUCCESS;
        if (result != CFG_SUCCESS && !reading->again && !reading->ended)
            give_up(reading->root, "something here or in the section after it cannot be read", "");
    }
    if (reading->root)
        cfg_free(reading->root);
    if (file)
        fclose(file);
    return well;
}

static void tell_words_left(void)
{
    for (unsigned i = 0; i < reading->words_count; i++)
        if (!reading->words[i].told)
            tell_word(&reading->words[i], reading->words[i].line, reading->words[i].section);
}

/* Read `text` again and again until every unknown word in it has its place. */
static struct topology_draft *read_draft(struct span text)
{
    ASSERT(!reading);
    struct reader reader = {0};
    reading = &reader;
    bool well = true;
    do {
        topology_draft_destroy(reader.draft);
        reader.draft = topology_draft_create();
        reader.again = reader.full = reader.ended = false;
        for (unsigned i = 0; i < reader.words_count; i++)
            reader.words[i].told = false;
        char *prepared = NULL;
        size_t len = 0;
        if (reader.draft)
            topology_text_prepare(text, reader.draft, &prepared, &len);
        well = prepared && parse((struct span){prepared, len});
        free(prepared);
    } while (well && reader.again);
    if (well)
        tell_words_left();
    reading = NULL;
    if (!well) {
        topology_draft_destroy(reader.draft);
        return NULL;
    }
    return reader.draft;
}

static bool finish(struct topology_draft *d, struct topology *out, struct topology_faults *faults)
{
    *faults = (struct topology_faults){.errors = 1};
    bool well = d && topology_finish(d, out, faults);
    topology_draft_destroy(d);
    return well;
}

bool topology_read_text(struct span text, struct topology *out, struct topology_faults *faults)
{
    return finish(read_draft(text), out, faults);
}

/* -- the file ---------------------------------------------------------------------------------- */

static bool finish_unread(struct topology *out, struct topology_faults *faults, const char *why)
{
    struct topology_draft *d = topology_draft_create();
    if (d) {
        topology_draft_fault(d, 0, false, "%s", why);
        topology_draft_cut(d);
    }
    return finish(d, out, faults);
}

static const char *why_not_read(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "there is no such file; give the path of your topology.conf";
    case EACCES:
        return "this user may not read it; let its owner run chmod +r on it";
    case EISDIR:
        return "this is a folder; give the path of the topology.conf in it";
    default:
        return strerror(error);
    }
}

/* At most one byte above the limit; -1: errno has the reason. */
static ssize_t read_whole(const char *path, char *memory)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t total = 0, n;
    do {
        n = read(fd, memory + total, (size_t)(TOPOLOGY_FILE_BYTES_MAX + 1 - total));
        total += n > 0 ? n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    int error = errno;
    close(fd);
    errno = error;
    return n < 0 ? -1 : total;
}

bool topology_read(const char *path, struct topology *out, struct topology_faults *faults)
{
    char *memory = malloc(TOPOLOGY_FILE_BYTES_MAX + 1);
    if (!memory)
        return finish(NULL, out, faults);
    ssize_t len = read_whole(path, memory);
    bool well;
    if (len < 0)
        well = finish_unread(out, faults, why_not_read(errno));
    else if (len == 0)
        well = finish_unread(out, faults,
            "the file is empty; begin with the topology.conf that comes with stampede");
    else if (len > TOPOLOGY_FILE_BYTES_MAX)
        well = finish_unread(out, faults, "the file is larger than 1 MiB; is this the right one?");
    else
        well = topology_read_text((struct span){memory, (size_t)len}, out, faults);
    free(memory);
    return well;
}

void topology_faults_print(
    FILE *to, const char *path, const struct topology_faults *faults, bool warnings)
{
    for (unsigned i = 0; i < faults->count; i++) {
        const struct topology_fault *f = &faults->each[i];
        if (f->warning && !warnings)
            continue;
        fprintf(to, "%s:", path);
        if (f->line)
            fprintf(to, "%d:", f->line);
        fprintf(to, " %s%s\n", f->warning ? "warning: " : "", f->text);
    }
    if (faults->errors && faults->count == 0)
        fprintf(to, "%s: memory has run out\n", path);
}

bool topology_load(const char *path, struct topology *out)
{
    struct topology_faults faults;
    bool well = topology_read(path, out, &faults);
    topology_faults_print(stderr, path, &faults, false);
    topology_faults_destroy(&faults);
    return well;
}
