/* feed_updates.c — many IAMATs through one connection, as fast as a node takes them.
 *
 *     feed_updates PORT COUNT IDS [START]
 *
 * COUNT updates of IDS client ids in turn, each newer than the last, from START seconds on. What is
 * under way is bounded, so that neither end ever waits with full buffers for the other. Every reply
 * is counted; one that is not an AT line ends the program. Prints the rate. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_LINES = 256, BLOCKS_UNDER_WAY = 2, LINE_BYTES_MAX = 96 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int connect_to(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        fail("connect");
    return fd;
}

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count) {
        ssize_t n = write(fd, bytes, count);
        if (n <= 0)
            fail("write");
        bytes += n;
        count -= (size_t)n;
    }
}

/* Send the next updates, `lines` of them from number `first` on. */
static void send_block(int fd, long first, long lines, long ids, long start)
{
    static char block[BLOCK_LINES * LINE_BYTES_MAX];
    size_t len = 0;
    for (long i = first; i < first + lines; i++)
        len += (size_t)snprintf(block + len, LINE_BYTES_MAX,
            "IAMAT client-%07ld +34.%06ld-118.445127 %ld.%06ld\n", i % ids, i % 1000000,
            start + i / 1000000, i % 1000000);
    write_all(fd, block, len);
}

/* Read replies until at least one line has ended; how many have. */
static long read_replies(int fd)
{
    static char bytes[65536];
    static char before = '\n';
    long lines = 0;
    while (!lines) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            fail("read");
        for (ssize_t i = 0; i < n; i++) {
            if (before == '\n' && bytes[i] != 'A') {
                fprintf(stderr, "not a reply: %.*s\n", (int)(n - i), bytes + i);
                exit(1);
            }
            before = bytes[i];
            lines += before == '\n';
        }
    }
    return lines;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: feed_updates PORT COUNT IDS [START]\n");
        return 2;
    }
    long count = atol(argv[2]), ids = atol(argv[3]), start = argc > 4 ? atol(argv[4]) : 1500000000;
    if (count < 1 || ids < 1)
        return 2;
    int fd = connect_to(argv[1]);
    int64_t began = now_ns();
    long sent = 0, answered = 0;
    while (answered < count) {
        long lines = count - sent < BLOCK_LINES ? count - sent : BLOCK_LINES;
        if (lines && sent - answered <= (BLOCKS_UNDER_WAY - 1) * BLOCK_LINES) {
            send_block(fd, sent, lines, ids, start);
            sent += lines;
        } else {
            answered += read_replies(fd);
        }
    }
    close(fd);
    double seconds = (double)(now_ns() - began) / 1e9;
    printf("%ld updates of %ld ids in %.2f s, %.0f a second\n", count, ids, seconds,
        (double)count / seconds);
    return 0;
}
