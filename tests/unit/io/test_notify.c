/* test_notify.c — what the service manager is told, in which order, and when the watchdog is fed.
 * test_notify.py has the same of a whole node. */
#include "io/notify.h"
#include "core/base/instant.h"
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct instant start = {
    .mono_ns = 1000 * SECOND_NS, .real_ns = 1700000000 * SECOND_NS};

static struct ring *ring;
static struct notify notify;
static struct log lines;
static char log_memory[4096];
static int manager = -1;

static struct instant after_ms(int64_t ms)
{
    return (struct instant){start.mono_ns + ms * MS_NS, start.real_ns + ms * MS_NS};
}

static void create(void)
{
    ring = ring_open(&(struct ring_sizes){8, 16, 2, 16, false}, 0);
    cr_assert_not_null(ring);
    log_init(&lines, LOG_INFO, SPAN(""), log_memory, sizeof log_memory);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void destroy(void)
{
    ring_close(ring);
    notify_close(&notify);
    close(manager);
}

TestSuite(notify, .init = create, .fini = destroy);

/* A manager with a name that no file system has; the environment names it. */
static void listen_as_manager(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char name[sizeof at.sun_path];
    int len = snprintf(name, sizeof name, "@stampede-notify-%d", (int)getpid());
    memcpy(at.sun_path + 1, name + 1, (size_t)len - 1);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(manager, (struct sockaddr *)&at,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void open_now(void)
{
    notify_open(&notify, ring, &lines, start);
}

/* Whether it was told exactly this, of which the end may be left out after `=`. */
static bool told(const char *text)
{
    char got[128] = "";
    ssize_t n = recv(manager, got, sizeof got - 1, 0);
    size_t len = strlen(text);
    return n >= 0 && strncmp(got, text, len) == 0 && (!got[len] || text[len - 1] == '=');
}

/* A turn: what is due is sent, and has arrived. */
static void turn(int64_t at_ms)
{
    notify_settle(&notify, after_ms(at_ms));
    if (!notify.sending)
        return;
    cr_assert_eq(ring_enter(ring, SECOND_NS), 0);
    for (struct ring_event e; ring_next(ring, &e);) {
        cr_assert_eq(e.tag.op, RING_NOTIFY);
        notify_completed(&notify);
    }
}

Test(notify, nobody_wants_to_know)
{
    open_now();
    notify_say(&notify, NOTIFY_READY);
    turn(0);
    cr_expect_eq(notify.fd, -1);
    cr_expect_eq(notify_deadline(&notify), NEVER_NS);
    cr_expect_eq(lines.pending.len, 0);
}

Test(notify, states_in_their_order)
{
    listen_as_manager();
    open_now();
    cr_expect_eq(notify_deadline(&notify), NEVER_NS);
    notify_say(&notify, NOTIFY_READY);
    notify_say(&notify, NOTIFY_RELOADING);
    notify_say(&notify, NOTIFY_STOPPING);
    cr_expect_eq(notify_deadline(&notify), 0, "the next turn is due at once");
    turn(0);
    turn(0);
    turn(0);
    cr_expect_eq(notify_deadline(&notify), NEVER_NS);
    cr_expect(told("READY=1"));
    cr_expect(told("RELOADING=1\nMONOTONIC_USEC="));
    cr_expect(told("STOPPING=1"));
    turn(0);
    cr_expect_not(told(""), "each is told once");
}

Test(notify, only_one_is_in_flight_and_the_last_state_is_never_lost)
{
    listen_as_manager();
    open_now();
    notify_say(&notify, NOTIFY_READY);
    notify_settle(&notify, start);
    cr_expect_eq(notify_deadline(&notify), NEVER_NS, "the completion is waited for");
    for (int i = 0; i < 10; i++) {
        notify_say(&notify, NOTIFY_RELOADING);
        notify_say(&notify, NOTIFY_READY);
    }
    notify_say(&notify, NOTIFY_STOPPING);
    for (int i = 0; i < NOTIFY_WAITING_MAX + 1; i++)
        turn(0);
    cr_expect(told("READY=1"));
    bool stopping = false;
    for (int i = 0; i < NOTIFY_WAITING_MAX && !stopping; i++)
        stopping = told("STOPPING=1");
    cr_expect(stopping);
    cr_expect_not(told(""));
}

Test(notify, the_watchdog_is_fed_at_half_its_interval)
{
    listen_as_manager();
    setenv("WATCHDOG_USEC", "3000000", 1);
    open_now();
    cr_expect_eq(notify_deadline(&notify), after_ms(1500).mono_ns);
    turn(1499);
    cr_expect_not(told(""));
    turn(1500);
    cr_expect(told("WATCHDOG=1"));
    cr_expect_eq(notify_deadline(&notify), after_ms(3000).mono_ns);
    notify_slept(&notify);
    turn(1600);
    cr_expect(told("WATCHDOG=1"), "after a sleep it is hungry");
    cr_expect_eq(notify_deadline(&notify), after_ms(3100).mono_ns);
    notify_say(&notify, NOTIFY_STOPPING);
    turn(3100);
    turn(3100);
    cr_expect(told("STOPPING=1"));
    cr_expect(told("WATCHDOG=1"));
}

Test(notify, a_watchdog_of_another_process_is_not_fed)
{
    char own[16];
    snprintf(own, sizeof own, "%d", (int)getpid());
    const struct {
        const char *us, *pid;
        bool fed;
    } rows[] = {{"2000000", own, true}, {"2000000", "1", false}, {"0", own, false},
        {"", own, false}, {"2s", own, false}, {"99999999999999999999", own, false}};
    listen_as_manager();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setenv("WATCHDOG_USEC", rows[i].us, 1);
        setenv("WATCHDOG_PID", rows[i].pid, 1);
        open_now();
        cr_expect_eq(notify_deadline(&notify), rows[i].fed ? after_ms(1000).mono_ns : NEVER_NS,
            "row %zu", i);
        notify_close(&notify);
    }
}

Test(notify, a_socket_that_cannot_be_used)
{
    char longest[256];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = {"/nowhere/notify", "@", "relative", "vsock:2:1", longest};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        lines.pending.len = 0;
        open_now();
        cr_expect_eq(notify.fd, -1, "row %zu", i);
        cr_expect(memmem(lines.pending.at, lines.pending.len, "notify_failed ", 14), "row %zu", i);
        notify_say(&notify, NOTIFY_READY);
        turn(0);
    }
}
