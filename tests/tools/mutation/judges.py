"""judges.py - builds a mutant and lets the project's tests judge it.

The tree is built once, without a change. A mutant's file alone is compiled, in a folder of its own,
and a judge is linked as the build links it, with the mutant's object before the libraries: the
linker then has no use for the library's own object. So two mutants can be judged at the same time,
and nothing has to be built back.

A judge is a test program and its arguments. Only those judge a mutant whose program holds the
object in question. Each is run without a mutant first: it must pass, and how long it takes decides
how long it may take with one. Processor time is limited too, so that an endless loop ends soon
though the machine is busy.
"""
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import threading
import time

WALL_FACTOR, WALL_S = 20, 30  # bounds are the unmutated run's time, times the factor, plus this
CPU_FACTOR, CPU_S = 10, 1
UNMUTATED_S = 600
MEMORY_BYTES = 8 << 30  # address space; not with AddressSanitizer, which reserves far more
FILE_BYTES = 1 << 30


class Unusable(Exception):
    """The campaign cannot go on: the tree does not build, or a test fails without a mutant."""


@dataclasses.dataclass
class Judge:
    """`command` runs the judge; PROGRAM in it or in the environment stands for its program."""
    name: str
    program: str  # relative to the build's folder, which makes it the name of its target
    command: list
    environment: dict
    folder: pathlib.Path
    again: bool = False  # a failure counts when it fails twice, as it depends on real time
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    wall_s: float = None  # of the unmutated run
    cpu_s: float = None
    objects: frozenset = None  # that are linked into its program


PROGRAM = "\0program"
stopping = threading.Event()  # set when the campaign is to end now


class Stopped(Exception):
    """A judge was not run to its end: the campaign ends."""


def descendants(pid):
    """`pid` and what it has started, as far as that still runs."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def end_all(pid):
    for each in descendants(pid):
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            pass


def run_bounded(command, environment, folder, wall_s, cpu_s, memory):
    """(exit code, seconds, processor seconds); the exit code is None when the time is over."""
    limits = ["prlimit", "--core=0", f"--fsize={FILE_BYTES}"]
    limits += [f"--cpu={int(cpu_s) + 1}"] if cpu_s else []
    limits += [f"--as={memory}"] if memory else []
    begin = time.monotonic()
    process = subprocess.Popen([*limits, *command], env=os.environ | environment, cwd=folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    pidfd = os.pidfd_open(process.pid)
    try:
        ended = select.poll()
        ended.register(pidfd, select.POLLIN)
        in_time = False
        while not in_time and time.monotonic() < begin + wall_s and not stopping.is_set():
            in_time = bool(ended.poll(250))
    finally:
        os.close(pidfd)
        end_all(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if stopping.is_set():
        raise Stopped
    in_time = in_time and process.returncode != -signal.SIGXCPU
    return (process.returncode if in_time else None, time.monotonic() - begin,
            usage.ru_utime + usage.ru_stime)


class Build:
    """A folder in which ninja builds the tree, and the judges that it makes.

    compile, link: what its commands were, by source file and by program."""

    def __init__(self, folder, slots, memory=MEMORY_BYTES):
        self.folder, self.slots, self.memory = folder, slots, memory
        self.lock = threading.Lock()
        self.compiles, self.links, self.originals, self.built = {}, {}, {}, set()

    def slot_folder(self, slot):
        folder = self.slots / str(slot)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def quietly(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise Unusable(f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def make(self, targets):
        """Build the targets that are not built yet."""
        with self.lock:
            missing = sorted(set(targets) - self.built)
            if missing:
                self.quietly("ninja", *missing)
                self.built.update(missing)

    def compile_command(self, source):
        with self.lock:
            if not self.compiles:
                for each in json.loads(self.quietly("ninja", "-t", "compdb")):
                    if each["file"].endswith(".c"):
                        self.compiles[each["file"]] = each
        each = self.compiles[str(source)]
        words = iter(shlex.split(each["command"]))
        command = []
        for word in words:
            if word in ("-o", "-MT", "-MF"):
                next(words)
            elif word not in ("-MD", "-c", each["file"]) and os.path.basename(word) != "ccache":
                command.append(word)
        return command, each["output"]

    def compile(self, source, text, slot):
        """The object of `source` as `text` has it; None when it does not compile. The same text
        gives the same bytes in every slot: the file is named without its folder."""
        command, _ = self.compile_command(source)
        folder = self.slot_folder(slot)
        (folder / source.name).write_text(text)
        done = subprocess.run([*command, "-g0", "-iquote", source.parent, "-c", source.name, "-o",
                               "mutant.o"], cwd=folder, capture_output=True, check=False)
        return None if done.returncode else folder / "mutant.o"

    def original(self, source, slot):
        """The bytes of the unmutated object."""
        if source not in self.originals:
            made = self.compile(source, source.read_text(), slot)
            if not made:
                raise Unusable(f"{source} does not compile")
            self.originals[source] = made.read_bytes()
        return self.originals[source]

    def link(self, program, out, first=(), trace=False):
        """Link `program` to `out` as the build does, with the objects `first` before all others;
        what the linker said, or None when it failed."""
        with self.lock:
            if program not in self.links:
                said = self.quietly("ninja", "-t", "commands", "-s", program)
                words = shlex.split(said.replace(": && ", "", 1).rpartition(" && :")[0])
                self.links[program] = words
        words = list(self.links[program])
        words[words.index("-o") + 1] = str(out)
        at = next(i for i, word in enumerate(words) if word.endswith((".o", ".a")))
        words[at:at] = map(str, first)
        done = subprocess.run(words + ["-Wl,-S", *["-Wl,-t,-t"] * trace], cwd=self.folder,
                              capture_output=True, text=True, check=False)
        return None if done.returncode else done.stdout

    def prepare(self, judge, slot):
        """Build the judge and learn which objects it holds."""
        self.make([judge.program])
        with judge.lock:
            if judge.objects is None:
                said = self.link(judge.program, self.slot_folder(slot) / "traced", trace=True)
                if said is None:
                    raise Unusable(f"{judge.program} cannot be linked")
                judge.objects = frozenset(re.findall(r"([^/()\s]+\.o)\)?$", said, re.MULTILINE))

    def holds(self, judge, source, slot):
        """Does the judge's program hold what is compiled from `source`?"""
        self.prepare(judge, slot)
        return source.name + ".o" in judge.objects

    def measure(self, judge):
        """Run the judge without a mutant; it must pass."""
        with judge.lock:
            if judge.wall_s is None:
                for _ in range(2):
                    code, wall_s, cpu_s = self.run(judge, self.folder / judge.program)
                    if code == 0:
                        break
                else:
                    raise Unusable(f"{judge.name} fails without a mutant: exit code {code}")
                judge.wall_s, judge.cpu_s = wall_s, cpu_s

    def run(self, judge, program):
        def filled(word):
            return word.replace(PROGRAM, str(program))
        wall_s = UNMUTATED_S if judge.wall_s is None else judge.wall_s * WALL_FACTOR + WALL_S
        cpu_s = None if judge.cpu_s is None else judge.cpu_s * CPU_FACTOR + CPU_S
        environment = {name: filled(value) for name, value in judge.environment.items()}
        return run_bounded([filled(word) for word in judge.command], environment, judge.folder,
                           wall_s, cpu_s, self.memory)

    def kills(self, judge, mutant_object, slot):
        """How the judge kills the mutant: "failed", "crashed", "timed out", "not linked"; or None.

        The caller has seen that the judge holds the object."""
        self.measure(judge)
        program = self.slot_folder(slot) / (judge.program.replace("/", "-") + "-mutant")
        if not program.exists() and self.link(judge.program, program, [mutant_object]) is None:
            return "not linked"
        code = None
        for _ in range(2):
            code, seconds, _ = self.run(judge, program)
            if code == 0:
                return None
            over = code is None and seconds > judge.wall_s * WALL_FACTOR + WALL_S
            if not over and not judge.again:
                break
        return "timed out" if code is None else "crashed" if code < 0 else "failed"

    def clear(self, slot):
        """Forget the programs of the last mutant."""
        for each in self.slot_folder(slot).glob("*-mutant"):
            each.unlink()


class Alone:
    """Holds a folder for one campaign at a time."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = open(folder / "lock", "w", encoding="ascii")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unusable(f"another campaign runs in {folder}") from error
