/* check.c — see check.h: everything that is wrong with a topology.conf, before a node starts.
 *
 * Faults and the summary go to standard output: they are what was asked for. */
#include "cli/check.h"
#include "io/topology_file.h"

static const char usage[] = "usage: stampede check [topology.conf]\n";

static const char help[] =
    "\n"
    "Tells every error and warning in a topology file, each with its line, and a summary.\n"
    "Without a path the file is topology.conf in the current folder.\n"
    "\n"
    "Exit code: 0 no errors (there may be warnings), 1 errors, 2 wrong usage.\n";

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
    return well ? 0 : 1;
}

int cli_check(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("%s%s", usage, help);
        return 0;
    }
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fputs(usage, stderr);
        return 2;
    }
    return check(argc == 2 ? argv[1] : "topology.conf");
}
