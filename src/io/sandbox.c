/* sandbox.c — see sandbox.h. The lists were made by reading what src/io calls, and what glibc and
 * c-ares call for it, on x86-64 and arm64; each group names its user. To see whether one is
 * missing, let the filter kill instead of answering ENOSYS and run the tests of processes.
 *
 * AddressSanitizer searches for leaks when a process ends: with a thread of its own that stops this
 * one by ptrace, and with files of /proc. Where it is compiled in, its calls and files are allowed,
 * so that tests run with the rest of the sandbox on. */
#include "io/sandbox.h"
#include "core/base/invariant.h"
#include "io/file_rules.h"
#include "io/reason.h"
#include "io/sanitized.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* -- system calls ------------------------------------------------------------------------------ */

#define CALL(name) SCMP_SYS(name)

/* clang-format off */

/* With any arguments. */
static const int allowed[] = {
    /* each turn; and the end, as the ring itself allows no other registration */
    CALL(io_uring_enter), CALL(io_uring_register),
    /* signals, files, standard error */
    CALL(read), CALL(write), CALL(close), CALL(lseek), CALL(fstat), CALL(newfstatat), CALL(statx),
    CALL(access), CALL(faccessat), CALL(faccessat2), CALL(poll), CALL(ppoll),
    /* connections */
    CALL(getpeername), CALL(getsockname), CALL(setsockopt), CALL(getsockopt), CALL(shutdown),
    /* a reload with other addresses, a port that has paused */
    CALL(bind), CALL(listen),
    /* c-ares */
    CALL(connect), CALL(sendto), CALL(recvfrom), CALL(sendmsg), CALL(recvmsg), CALL(writev),
    CALL(uname),
    /* time and chance, where the vDSO cannot help */
    CALL(clock_gettime), CALL(gettimeofday), CALL(clock_nanosleep), CALL(restart_syscall),
    CALL(getrandom),
    /* malloc and qsort */
    CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(futex), CALL(sysinfo),
    CALL(sched_yield),
    /* abort and exit */
    CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(rt_sigreturn), CALL(getpid), CALL(gettid),
    CALL(exit), CALL(exit_group),
#if IS_SANITIZED
    CALL(clone), CALL(clone3), CALL(ptrace), CALL(process_vm_readv), CALL(prctl), CALL(arch_prctl),
    CALL(wait4), CALL(kill), CALL(tkill), CALL(sigaltstack), CALL(set_robust_list), CALL(getppid),
    CALL(getdents64), CALL(getdents), CALL(open), CALL(stat), CALL(lstat), CALL(readlink),
    CALL(readlinkat), CALL(pipe), CALL(pipe2), CALL(dup), CALL(dup2), CALL(getcwd),
    CALL(getrlimit), CALL(setrlimit), CALL(sched_getaffinity), CALL(getuid), CALL(geteuid),
    CALL(getgid), CALL(getegid),
#endif
};

/* These end the process: they start programs, reach into other processes, make another ring, which
 * nothing restricts, or change who the process is and what it sees. */
static const int deadly[] = {
    /* programs, and other processes' memory and files */
    CALL(execve), CALL(execveat), CALL(process_vm_writev), CALL(pidfd_getfd),
    CALL(open_by_handle_at),
    /* the kernel */
    CALL(io_uring_setup), CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(init_module),
    CALL(finit_module), CALL(kexec_load), CALL(keyctl),
    /* who the process is, and what it sees */
    CALL(setuid), CALL(setgid), CALL(setresuid), CALL(setresgid), CALL(setgroups), CALL(capset),
    CALL(mount), CALL(umount2), CALL(pivot_root), CALL(chroot), CALL(setns), CALL(unshare),
#if !IS_SANITIZED
    CALL(ptrace), CALL(process_vm_readv),
#endif
};

/* clang-format on */

/* With an argument that, under a mask, is a certain value. Several for one call: any of them. */
struct conditional {
    int call;
    unsigned argument; /* from 0 */
    uint64_t mask, value;
};

#define INT UINT32_MAX /* the kernel does not look at the upper half of an int either */
#define POINTER UINT64_MAX
#define READS (O_ACCMODE | O_CREAT | O_TRUNC)
#define WRITES (O_ACCMODE | O_APPEND | O_TRUNC)

static const struct conditional conditional[] = {
    /* c-ares; not the sockets of other families, which reach more than the network */
    {CALL(socket), 0, INT, AF_INET},
    {CALL(socket), 0, INT, AF_INET6},
    /* what has arrived, c-ares, isatty; not TIOCSTI, which types into the terminal */
    {CALL(ioctl), 1, INT, TIOCOUTQ},
    {CALL(ioctl), 1, INT, FIONBIO},
    {CALL(ioctl), 1, INT, TCGETS},
    {CALL(fcntl), 1, INT, F_GETFD},
    {CALL(fcntl), 1, INT, F_SETFD},
    {CALL(fcntl), 1, INT, F_GETFL},
    {CALL(fcntl), 1, INT, F_SETFL},
    /* files are read, or appended to */
    {CALL(openat), 2, READS, O_RDONLY},
    {CALL(openat), 2, WRITES, O_WRONLY | O_APPEND},
    /* memory holds code or data, never what becomes code */
    {CALL(mmap), 2, PROT_EXEC, 0},
    {CALL(mprotect), 2, PROT_EXEC, 0},
    /* a limit is read, not set */
    {CALL(prlimit64), 2, POINTER, 0},
};

static int add_conditional(scmp_filter_ctx filter, const struct conditional *c)
{
    struct scmp_arg_cmp when = {
        .arg = c->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = c->mask, .datum_b = c->value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, c->call, 1, &when);
}

/* 0 or a negative errno, like the functions of libseccomp. */
static int add_calls(scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; !error && i < sizeof allowed / sizeof *allowed; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; !error && i < sizeof conditional / sizeof *conditional; i++)
        error = add_conditional(filter, &conditional[i]);
    for (size_t i = 0; !error && i < sizeof deadly / sizeof *deadly; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
    if (!error) /* abort() sends its signal to this process only */
        error = add_conditional(
            filter, &(struct conditional){CALL(tgkill), 0, INT, (uint64_t)getpid()});
    return error;
}

/* 0 or a negative errno. */
static int restrict_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return -ENOMEM;
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!error)
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    if (!error) /* failures are reported as the kernel has them */
        error = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (!error) /* look calls up in a tree instead of one after the other */
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!error)
        error = add_calls(filter);
    if (!error)
        error = seccomp_load(filter);
    seccomp_release(filter);
    return error;
}

/* -- capabilities ------------------------------------------------------------------------------ */

/* What a node of root or of systemd's AmbientCapabilities has: to bind a low port, which it has
 * done. On SIGHUP root must still read keys and reopen a log that belong to another user, so what
 * overrides the permissions of files stays; which files these may be is for Landlock. Nothing can
 * be had back, as there is no execve: no_new_privs. 0 or an errno. */
static int restrict_capabilities(void)
{
    const unsigned stay = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3], keeps[2] = {{0}};
    _Static_assert(_LINUX_CAPABILITY_U32S_3 == 2, "both halves of the sets");
    if (syscall(SYS_capget, &header, has) != 0)
        return errno;
    keeps[0].permitted = has[0].permitted & stay;
    keeps[0].effective = has[0].effective & stay;
    return syscall(SYS_capset, &header, keeps) == 0 ? 0 : errno;
}

/* -- files ------------------------------------------------------------------------------------- */

#if IS_SANITIZED
/* The search for leaks reads the maps of memory; a report reads the programs that it names. */
static int allow_sanitizer(struct file_rules *r)
{
    char program[PATH_MAX];
    static const char *const folders[] = {"/proc", "/usr", "/lib"};
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    program[len > 0 ? len : 0] = '\0';
    int error = file_rules_read(r, program);
    for (size_t i = 0; !error && i < sizeof folders / sizeof *folders; i++)
        error = file_rules_read_folder(r, folders[i]);
    return error;
}
#endif

/* 0 or an errno. */
static int restrict_files(const struct sandbox *s, struct file_rules *r)
{
    int error = *s->log_file ? file_rules_write(r, s->log_file) : 0;
    for (unsigned i = 0; !error && i < SANDBOX_FILES_MAX && s->files[i]; i++)
        error = file_rules_read(r, s->files[i]);
    if (!error && s->journal)
        error = file_rules_keep_folder(r, s->journal);
    if (!error &&
        s->resolves) /* hosts and nsswitch.conf are there, too; resolv.conf is often a link */
        error = file_rules_read(r, "/etc/resolv.conf");
#if IS_SANITIZED
    if (!error)
        error = allow_sanitizer(r);
#endif
    return error ? error : file_rules_hold(r);
}

/* -- all together ------------------------------------------------------------------------------ */

static bool tell_failure(const char *what, int error)
{
    fprintf(stderr,
        "stampede: the node cannot give up %s: %s; sandbox = off in topology.conf does without "
        "it\n",
        what, reason_of(error));
    return false;
}

/* Whether the kernel, or a sandbox around this one, has no seccomp for us. */
static bool is_missing(int error)
{
    return error == EINVAL || error == ENOSYS || error == EPERM || error == EACCES;
}

static void log_sandbox(struct log *log, const struct file_rules *rules, const char *privileges,
    const char *calls, const char *files, const char *capabilities, struct instant now)
{
    log_begin(log, LOG_INFO, "sandbox", now);
    log_text(log, "no_new_privs", span_of(privileges));
    log_text(log, "seccomp", span_of(calls));
    log_text(log, "landlock", span_of(files));
    log_text(log, "capabilities", span_of(capabilities));
    if (*rules->read)
        log_text(log, "reads", span_of(rules->read));
    if (*rules->written)
        log_text(log, "appends", span_of(rules->written));
    log_end(log);
}

bool sandbox_enter(const struct sandbox *s, struct log *log, struct instant now)
{
    struct file_rules rules = {.fd = -1};
    if (!s) {
        log_sandbox(log, &rules, "off", "off", "off", "off", now);
        return true;
    }
    ASSERT(s->log_file);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return tell_failure("the right to gain privileges", errno);
    bool has_files = file_rules_begin(&rules);
    int error = has_files ? restrict_files(s, &rules) : 0;
    file_rules_end(&rules);
    if (error)
        return tell_failure("the files that it does not need", error);
    int kept = restrict_capabilities();
    if (kept && !is_missing(kept))
        return tell_failure("the capabilities that it does not need", kept);
    error = -restrict_calls();
    if (error && !is_missing(error))
        return tell_failure("the system calls that it does not need", error);
    log_sandbox(log, &rules, "on", error ? "missing" : "on", has_files ? "on" : "missing",
        kept ? "missing" : "on", now);
    return true;
}
