/* main.c — the program: finds the subcommand and hands over. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("stampede " STAMPEDE_VERSION);
        return 0;
    }
    return 2;
}
