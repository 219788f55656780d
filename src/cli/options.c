/* options.c — see options.h. */
#include "cli/options.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "core/base/decimal.h"
#include "core/base/nearest.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60000, TIMEOUT_MS_MAX = 86400000, GRACE_MS = 10000 };

static const struct option options_long[] = {
    {"topology", required_argument, NULL, 'c'},
    {"node", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {"table", no_argument, NULL, 't'},
    {"log", no_argument, NULL, 'l'},
    {"timeout", required_argument, NULL, 'w'},
    {"grace", required_argument, NULL, 'g'},
    {"undo", no_argument, NULL, 'u'},
    {"cert", required_argument, NULL, 'C'},
    {"key", required_argument, NULL, 'K'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void complain(const char *format, ...)
{
    va_list values;
    char *text = NULL;
    fflush(stdout);
    va_start(values, format);
    if (vasprintf(&text, format, values) < 0)
        text = NULL;
    va_end(values);
    fputs("stampede: ", stderr);
    show_text(stderr, span_of(text ? text : "out of memory"));
    fputc('\n', stderr);
    free(text);
}

/* Report what getopt rejected. `letter` is ':' for an option without its value, '?' for an unknown
 * option, otherwise an option that only other subcommands have. */
static int refuse(int letter, char **argv)
{
    const char *word = argv[optind - 1];
    struct nearest near = nearest_to(span_of(word + strspn(word, "-")));
    char one[] = {'-', (char)(letter == ':' || letter == '?' ? optopt : letter), '\0'};
    if (letter == 'C' || letter == 'K') /* these have no letter */
        word = letter == 'C' ? "--cert" : "--key";
    else if (strncmp(word, "--", 2) != 0)
        word = one;
    else if (letter == '?')
        for (const struct option *o = options_long; o->name; o++)
            nearest_offer(&near, o->name);
    complain("%s %s %s; %s%s%s", argv[0], letter == ':' ? "needs a value after" : "has no option",
        word, near.best ? "did you mean --" : "see `stampede ", near.best ? near.best : argv[0],
        near.best ? "?" : " --help`");
    return EXIT_USAGE;
}

/* A whole number with one of topology.conf's units. */
static bool read_timeout(const char *text, uint64_t *ms)
{
    static const struct {
        const char *word;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};
    size_t digits = strspn(text, "0123456789");
    uint64_t value;
    if (!decimal_count((struct span){text, digits}, TIMEOUT_MS_MAX, &value))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + digits, units[i].word) == 0) {
            *ms = value * units[i].ms;
            return *ms <= TIMEOUT_MS_MAX;
        }
    return false;
}

/* false: a message was written. */
static bool find_topology(struct options *o)
{
    struct stat here, installed;
    const char *named = getenv(TOPOLOGY_VARIABLE);
    if (named && *named) {
        o->topology_file = named;
        return true;
    }
    bool is_here = stat(TOPOLOGY_HERE, &here) == 0;
    o->topology_file =
        is_here || stat(TOPOLOGY_INSTALLED, &installed) != 0 ? TOPOLOGY_HERE : TOPOLOGY_INSTALLED;
    if (!is_here || here.st_uid == geteuid() || here.st_uid == 0)
        return true;
    complain("./" TOPOLOGY_HERE " belongs to another user, so it is not taken unasked; if you "
             "trust it: -c " TOPOLOGY_HERE);
    return false;
}

int options_read(struct options *o, int argc, char **argv, const char *letters, const char *help)
{
    *o = (struct options){.timeout_ms = TIMEOUT_MS, .grace_ms = GRACE_MS};
    int letter;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:n:jtlw:g:uh", options_long, NULL)) != -1) {
        if (letter == 'h') {
            fputs(help, stdout);
            return EXIT_WELL;
        }
        if (!strchr(letters, letter == 'C' || letter == 'K' ? 'a' : letter))
            return refuse(letter, argv);
        switch (letter) {
        case 'c':
            o->topology_file = optarg;
            o->topology_given = true;
            break;
        case 'n':
            o->node = optarg;
            break;
        case 'j':
            o->json = true;
            break;
        case 't':
            break; /* as without it */
        case 'u':
            o->undo = true;
            break;
        case 'C':
            o->cert = optarg;
            break;
        case 'K':
            o->key = optarg;
            break;
        case 'w':
        case 'g':
            if (!read_timeout(optarg, letter == 'w' ? &o->timeout_ms : &o->grace_ms)) {
                complain("%s: --%s is a time such as 500ms, 60s or 5min, at most a day, not "
                         "\"%s\"", argv[0], letter == 'w' ? "timeout" : "grace", optarg);
                return EXIT_USAGE;
            }
            break;
        default:
            o->log = true;
        }
    }
    if (!o->cert != !o->key) {
        complain(
            "%s: --cert and --key go together: a certificate, and the key made with it", argv[0]);
        return EXIT_USAGE;
    }
    o->words = argv + optind;
    o->words_count = argc - optind;
    if (strchr(letters, 'f') && o->words_count) {
        o->topology_file = o->words[0];
        o->topology_given = true;
    }
    return o->topology_given || find_topology(o) ? OPTIONS_GO_ON : EXIT_SAID_NO;
}

bool options_take_word(int *argc, char **argv, const char *word)
{
    for (int i = 1; i < *argc; i++)
        if (strcmp(argv[i], word) == 0) {
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
            (*argc)--;
            return true;
        }
    return false;
}

/* Write a word as the shell would read it back; without quotes if nothing in it is special to a
 * shell. */
static void put_quoted(FILE *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,";
    fputc(' ', out);
    if (*word && !word[strspn(word, plain)]) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

const char *options_command(const struct options *o, const char *subcommand, const char *node)
{
    static char *text;
    size_t bytes;
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return "stampede";
    put_quoted(out, program_invocation_name);
    put_quoted(out, subcommand);
    if (node)
        put_quoted(out, node);
    if (o->topology_given) {
        fputs(" -c", out);
        put_quoted(out, o->topology_file);
    }
    if (o->cert) {
        fputs(" --cert", out);
        put_quoted(out, o->cert);
        fputs(" --key", out);
        put_quoted(out, o->key);
    }
    fclose(out);
    return text + 1; /* without the space before the first word */
}

void files_limit_raise(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}
