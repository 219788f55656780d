"""denied.py - system calls that fail, as a container's seccomp profile lets them fail.

    node.start(preexec_fn=denying("signalfd4", errno.EPERM))

The filter is put on between fork and exec, and nothing after that can take it off.
"""
import ctypes
import errno
import os
import struct

NUMBERS = {  # of each call, by the machine's name
    "x86_64": {
        "ioctl": 16, "rt_sigprocmask": 14, "connect": 42, "shutdown": 48, "listen": 50,
        "getsockname": 51, "getpeername": 52, "setsockopt": 54, "fcntl": 72, "signalfd4": 289,
        "prlimit64": 302, "seccomp": 317, "io_uring_setup": 425, "io_uring_enter": 426,
        "io_uring_register": 427, "landlock_create_ruleset": 444},
    "aarch64": {
        "ioctl": 29, "rt_sigprocmask": 135, "connect": 203, "shutdown": 210, "listen": 201,
        "getsockname": 204, "getpeername": 205, "setsockopt": 208, "fcntl": 25, "signalfd4": 74,
        "prlimit64": 261, "seccomp": 277, "io_uring_setup": 425, "io_uring_enter": 426,
        "io_uring_register": 427, "landlock_create_ruleset": 444},
}[os.uname().machine]

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
FAIL = 0x00050000  # with the errno in the low bits

LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06  # of the kernel's packet filters

libc = ctypes.CDLL(None, use_errno=True)


def filtering(steps):
    """A function for subprocess's preexec_fn that puts this filter on."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))

    def put_on():
        for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                          (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)):
            if libc.prctl(*arguments) != 0:
                raise OSError(ctypes.get_errno(), "prctl")
        code.raw  # the kernel reads it during the call
    return put_on


def denying(call, error):
    """A function for subprocess's preexec_fn, after which `call` fails with the errno `error`."""
    return filtering(((LOAD, 0, 0, 0),  # the number of the call
                      (JUMP_EQUAL, 0, 1, NUMBERS[call]),
                      (RETURN, 0, 0, FAIL | error),
                      (RETURN, 0, 0, ALLOW)))


def allowing(numbers):
    """The same, after which all calls but these fail with EPERM."""
    steps = [(LOAD, 0, 0, 0)]
    for number in sorted(numbers):
        steps += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    return filtering(steps + [(RETURN, 0, 0, FAIL | errno.EPERM)])
