/* check.c — `stampede check`: everything that is wrong with a topology.conf, before a node
 * starts; and the keys that it may have.
 *
 * All of it goes to standard output: it is what was asked for. */
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/options.h"
#include "cli/readiness.h"
#include "files/topology_file.h"
#include <string.h>

static const char help[] =
    "Usage: stampede check [FILE]\n"
    "       stampede check --node NODE [--bind] [FILE]\n"
    "       stampede check --nodes [FILE]\n"
    "       stampede check --keys\n\n"
    "Report every error and warning in a topology file, each with its line, and a\n"
    "summary.\n\n"
    "  -c, --topology FILE  the same as FILE; " TOPOLOGY_DEFAULT "\n"
    "  -n, --node NODE      try as well all that this node does at its start: read\n"
    "                       its secret, tokens, certificates (that of HTTP too), keys\n"
    "                       and CA, whose modes and dates must be right, the places\n"
    "                       key, its log, limits, names at which it listens; warn of\n"
    "                       its neighbours' names\n"
    "      --bind           bind the ports of that node, too: they must be free\n"
    "      --nodes          print only the names of the nodes, one a line\n"
    "      --keys           print only the keys that a topology file may have,\n"
    "                       one a line, with tabs between: section, name, type,\n"
    "                       bounds, default, `reopened` if SIGHUP reads the file\n"
    "                       that it names again (else -), and meaning\n"
    "  -h, --help           print this text\n\n"
    "Exit codes: 0 no errors (perhaps warnings), 1 errors, 2 wrong command line.\n\n"
    "Example: stampede check topology.conf\n";

static int print_keys(void)
{
    struct topology_key key;
    for (unsigned i = 0; topology_key(i, &key); i++)
        printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", *key.section ? key.section : "-", key.name, key.type,
            *key.bounds ? key.bounds : "-", key.otherwise, key.reopened ? "reopened" : "-",
            key.meaning);
    return EXIT_WELL;
}

/* For the shell's completion, and for scripts that go from node to node. */
static int print_nodes(const char *path)
{
    struct topology t;
    if (!topology_load(path, &t))
        return EXIT_SAID_NO;
    for (unsigned i = 0; i < t.nodes_count; i++)
        puts(t.nodes[i].name);
    topology_destroy(&t);
    return EXIT_WELL;
}

static void print_count(unsigned count, const char *one, const char *before)
{
    if (count)
        printf("%s%u %s%s", before, count, one, count == 1 ? "" : "s");
    else
        printf("%sno %ss", before, one);
}

/* Whether the node could start. */
static bool try_node(const struct topology *t, const struct options *o, bool bind)
{
    int self = herd_node(t, o, o->node);
    if (self < 0)
        return false;
    unsigned faults = readiness_faults(t, o->topology_file, (unsigned)self, bind);
    if (faults)
        printf("%s: cannot start: ", o->node);
    else
        printf("%s: can start%s", o->node, bind ? "" : ", if its ports are free (--bind)");
    if (faults)
        print_count(faults, "error", "");
    printf("\n");
    return !faults;
}

static int check(const struct options *o, bool bind)
{
    const char *path = o->topology_file;
    struct topology t = {0};
    struct topology_faults faults;
    bool well = topology_read(path, &t, &faults);
    topology_faults_print(stdout, path, &faults, true);
    printf("%s: ", path);
    if (well) {
        print_count(t.nodes_count, "node", "");
        print_count(t.edges_count, "edge", ", ");
    }
    print_count(faults.errors, "error", well ? ", " : "");
    print_count(faults.warnings, "warning", ", ");
    printf("\n");
    fflush(stdout); /* what follows may go to standard error */
    if (well && o->node)
        well = try_node(&t, o, bind);
    topology_faults_destroy(&faults);
    topology_destroy(&t);
    return well ? EXIT_WELL : EXIT_SAID_NO;
}

int cli_check(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--keys") == 0)
        return print_keys();
    struct options o;
    bool nodes = options_take_word(&argc, argv, "--nodes");
    bool bind = options_take_word(&argc, argv, "--bind");
    int code = options_read(&o, argc, argv, "cfn", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count > 1) {
        complain("check takes one file; see `stampede check --help`");
        return EXIT_USAGE;
    }
    if (bind && !o.node) {
        complain("--bind needs a node whose ports to bind; see `stampede check --help`");
        return EXIT_USAGE;
    }
    return nodes ? print_nodes(o.topology_file) : check(&o, bind);
}
