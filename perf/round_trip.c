/* round_trip.c — how long one IAMAT takes: one connection, one command at a time.
 *
 *     round_trip PORT [COUNT]
 *
 * Blocking sockets, no library: what is measured is the node, the kernel's TCP and the two
 * wake-ups. Prints the percentiles in microseconds. Every reply is checked. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int connect_to(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

/* One command and its reply; its time. */
static int64_t exchange(int fd, int64_t number)
{
    char line[128], reply[256];
    int n = snprintf(line, sizeof line, "IAMAT round-trip +34.068930-118.445127 %ld.%09ld\n",
        1500000000 + number / 1000, number % 1000);
    int64_t began = now_ns();
    if (write(fd, line, (size_t)n) != n)
        exit(1);
    ssize_t got = read(fd, reply, sizeof reply);
    int64_t took = now_ns() - began;
    if (got < n || memcmp(reply, "AT ", 3) != 0 || reply[got - 1] != '\n') {
        fprintf(stderr, "not a reply: %.*s\n", (int)(got < 0 ? 0 : got), reply);
        exit(1);
    }
    return took;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: round_trip PORT [COUNT]\n");
        return 2;
    }
    long count = argc > 2 ? atol(argv[2]) : 50000;
    int64_t *took = calloc((size_t)count, sizeof *took);
    int fd = connect_to(argv[1]);
    if (!took || count < 100)
        return 2;
    int64_t base = now_ns() / 1000 % 1000000000; /* newer than those of an earlier run */
    for (long i = 0; i < count; i++)
        took[i] = exchange(fd, base + i);
    close(fd);
    qsort(took, (size_t)count, sizeof *took, ascending);
    printf("p50 %.1f us, p90 %.1f us, p99 %.1f us, %ld exchanges\n", (double)took[count / 2] / 1e3,
        (double)took[count * 9 / 10] / 1e3, (double)took[count * 99 / 100] / 1e3, count);
    free(took);
    return 0;
}
