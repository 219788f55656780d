/* openssl.h — for the tests of HTTPS: a server that is not ours, `openssl s_server`, and the
 * socket between it and a struct tls. */
#ifndef TESTS_UNIT_TLS_OPENSSL_H
#define TESTS_UNIT_TLS_OPENSSL_H

#include "unit/tls/side.h"
#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPENSSL_PATIENCE_S = 20 };

struct openssl {
    pid_t pid;
    FILE *says; /* its standard output */
    int silence; /* its standard input; an end of it would end it */
    uint16_t port;
};

/* Start one with the certificate `name`, and such options as "-tls1_3". It is listening. */
static inline struct openssl openssl_server(const char *name, const char *options)
{
    char command[512], line[256];
    snprintf(command, sizeof command,
        "exec openssl s_server -accept 127.0.0.1:0 -cert %s/%s.pem -key %s/%s.key -cipher "
        "DEFAULT@SECLEVEL=0 %s 2>&1",
        certificates, name, certificates, name, options);
    int out[2], in[2];
    cr_assert(pipe(out) == 0 && pipe(in) == 0);
    struct openssl s = {.pid = fork()};
    cr_assert_geq(s.pid, 0);
    if (s.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], STDIN_FILENO); /* which never says anything */
        dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    close(out[1]);
    close(in[0]);
    s.silence = in[1];
    s.says = fdopen(out[0], "r");
    while (s.port == 0 && fgets(line, sizeof line, s.says))
        (void)!sscanf(line, "ACCEPT 127.0.0.1:%hu", &s.port);
    cr_assert_neq(s.port, 0, "it does not listen: %s", command);
    return s;
}

static inline void openssl_stop(struct openssl *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    fclose(s->says);
    close(s->silence);
}

static inline int openssl_dial(const struct openssl *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons(s->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = OPENSSL_PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Send output and take in input until the state is not `while_` any more, or FIN comes. Plaintext
 * is appended to `heard`. */
static inline void openssl_talk(int fd, struct tls *t, enum tls_state while_, struct buf *heard)
{
    static char bytes[16384];
    ssize_t got = 1;
    while (got > 0) {
        struct span out, plain;
        while ((out = tls_output(t)).len) {
            ssize_t sent = send(fd, out.at, out.len, MSG_NOSIGNAL);
            if (sent <= 0)
                return;
            tls_sent(t, (size_t)sent);
        }
        if (tls_state(t) != while_)
            return;
        got = recv(fd, bytes, sizeof bytes, 0);
        struct span in = {bytes, got > 0 ? (size_t)got : 0};
        for (size_t before = in.len + 1; in.len && in.len < before;) {
            before = in.len;
            tls_feed(t, &in);
            while ((plain = tls_read(t)).len) {
                buf_span_put(heard, plain);
                tls_read_ack(t, plain.len);
                before = in.len + 1;
            }
        }
    }
}

#endif
