/* strangers.c — connects to a port of a node again and again, for perf/floods.
 *
 *     build/release/perf/strangers FROM PORT RATE SECONDS [FILE]
 *
 * Connects RATE times a second from the address FROM to 127.0.0.1:PORT, says the bytes of FILE, or
 * nothing, and reads nothing. OPEN_MAX connections stay open; for one more the oldest is reset, so
 * no port is used up by TIME_WAIT. Prints one line of JSON: how many connections were made, and
 * how many a second. A rate that cannot be reached is not made up for later. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OPEN_MAX = 512, WORDS_MAX = 4096, TICK_NS = 1000000 };

static int open_fds[OPEN_MAX];
static char words[WORDS_MAX];
static size_t words_len;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* false: no connection was made. */
static int connect_once(const struct sockaddr_in *from, const struct sockaddr_in *to, uint64_t turn)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return 0;
    if (bind(fd, (const struct sockaddr *)from, sizeof *from) < 0 ||
        (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS)) {
        close(fd);
        return 0;
    }
    if (words_len && send(fd, words, words_len, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
        close(fd);
        return 0;
    }
    int *place = &open_fds[turn % OPEN_MAX];
    if (*place)
        reset(*place);
    *place = fd;
    return 1;
}

static void read_words(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(1);
    }
    words_len = fread(words, 1, sizeof words, f);
    fclose(f);
}

int main(int argc, char **argv)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    if (argc < 5 || argc > 6 || inet_pton(AF_INET, argv[1], &from.sin_addr) != 1) {
        fprintf(stderr, "usage: strangers FROM PORT RATE SECONDS [FILE]\n");
        return 2;
    }
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)atoi(argv[2]));
    double rate = atof(argv[3]), seconds = atof(argv[4]), due = 0;
    if (argc == 6)
        read_words(argv[5]);
    int64_t began = now_ns(), end = began + (int64_t)(seconds * 1e9), now = began, before = began;
    uint64_t made = 0, turns = 0;
    while (now < end) {
        for (due += rate * (double)(now - before) / 1e9; due >= 1; due--)
            made += (uint64_t)connect_once(&from, &to, turns++);
        before = now;
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
        now = now_ns();
        if (now - before > 100 * INT64_C(1000000)) /* what was missed is not made up for */
            before = now - 100 * INT64_C(1000000);
    }
    double took = (double)(now - began) / 1e9;
    printf("{\"connections\": %llu, \"per_s\": %.0f}\n", (unsigned long long)made,
        (double)made / took);
    return 0;
}
