"""puppet.py - makes a running node do system calls that it never does by itself, as whoever had
taken it over would. Only on x86-64: each processor has registers of its own for it.

    with Puppet(node.process.pid) as puppet:
        puppet.call("openat", AT_FDCWD, puppet.text(b"/etc/passwd"), os.O_RDONLY)   # -13
        puppet.call("execve", 0, 0, 0)                                              # KILLED
"""
import ctypes
import os
import signal

AVAILABLE = os.uname().machine == "x86_64"
KILLED = "killed by SIGSYS"
AT_FDCWD = 2**64 - 100

NUMBERS = {"mmap": 9, "ioctl": 16, "socket": 41, "bind": 49, "clone": 56, "execve": 59, "kill": 62,
           "fcntl": 72, "ptrace": 101, "setuid": 105, "unshare": 272, "openat": 257,
           "process_vm_writev": 311, "execveat": 322, "io_uring_setup": 425}

ATTACH, GET_REGISTERS, SET_REGISTERS, STEP, DETACH, POKE, PEEK = 16, 12, 13, 9, 17, 5, 2
SYSCALL = b"\x0f\x05"
NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
         "fs_base gs_base ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in NAMES]


class Puppet:
    """A process that stands still but for the calls that it is made to do."""

    def __init__(self, pid):
        self.pid, self.killed = pid, False
        self._ptrace(ATTACH)
        self._await_stop()
        self.before = self._registers()
        self.written = self.before.rsp - 65536  # far below its stack
        code = self._ptrace(PEEK, self.before.rip - 2) & 0xFFFF
        assert code.to_bytes(2, "little") == SYSCALL, "it does not wait in a system call"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.killed:
            self._ptrace(SET_REGISTERS, 0, ctypes.addressof(self.before))
            self._ptrace(DETACH)

    def _ptrace(self, request, address=0, data=0):
        ctypes.set_errno(0)
        result = libc.ptrace(request, self.pid, address, data)
        if result == -1 and ctypes.get_errno():
            raise OSError(ctypes.get_errno(), f"ptrace {request}")
        return result

    def _registers(self):
        registers = Registers()
        self._ptrace(GET_REGISTERS, 0, ctypes.addressof(registers))
        return registers

    def _await_stop(self):
        """The process's end is left for whoever has started it to notice."""
        end = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if end.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
            assert end.si_status == signal.SIGSYS, end
            self.killed = True
        else:
            os.waitpid(self.pid, 0)

    def text(self, data):
        """The address of these bytes in its memory."""
        data += b"\0" * (8 - len(data) % 8)
        self.written -= len(data)
        self.written &= ~7
        for at in range(0, len(data), 8):
            self._ptrace(POKE, self.written + at, int.from_bytes(data[at:at + 8], "little"))
        return self.written

    def call(self, name, *arguments):
        """What the call returns, -errno if it fails; or KILLED."""
        registers = Registers.from_buffer_copy(self.before)
        for register in ARGUMENTS:
            setattr(registers, register, 0)
        for register, value in zip(ARGUMENTS, arguments):
            setattr(registers, register, value)
        registers.rax, registers.orig_rax = NUMBERS[name], 2**64 - 1
        registers.rip -= len(SYSCALL)
        self._ptrace(SET_REGISTERS, 0, ctypes.addressof(registers))
        self._ptrace(STEP)
        self._await_stop()
        return KILLED if self.killed else ctypes.c_int64(self._registers().rax).value
