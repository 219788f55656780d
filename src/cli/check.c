/* check.c — `stampede check`: everything that is wrong with a topology.conf, before a node
 * starts.
 *
 * Faults and the summary go to standard output: they are what was asked for. */
#include "cli/commands.h"
#include "cli/options.h"
#include "files/topology_file.h"

static const char help[] =
    "Usage: stampede check [FILE]\n\n"
    "Report every error and warning in a topology file, each with its line, and a\n"
    "summary.\n\n"
    "  -c, --topology FILE  the same as FILE; default: topology.conf\n"
    "  -h, --help           print this text\n\n"
    "Exit codes: 0 no errors (perhaps warnings), 1 errors, 2 wrong command line.\n\n"
    "Example: stampede check topology.conf\n";

static void print_count(unsigned count, const char *one, const char *before)
{
    if (count)
        printf("%s%u %s%s", before, count, one, count == 1 ? "" : "s");
    else
        printf("%sno %ss", before, one);
}

static int check(const char *path)
{
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
    print_count(faults.count - (faults.count ? faults.errors : 0), "warning", ", ");
    printf("\n");
    topology_faults_destroy(&faults);
    topology_destroy(&t);
    return well ? EXIT_WELL : EXIT_SAID_NO;
}

int cli_check(int argc, char **argv)
{
    struct options o;
    int code = options_read(&o, argc, argv, "c", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count > 1) {
        complain("check takes one file; see `stampede check --help`");
        return EXIT_USAGE;
    }
    return check(o.words_count ? o.words[0] : o.topology_file);
}
