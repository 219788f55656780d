"""campaign.py - draws mutants in the order of a seed, has them judged, and keeps what came of it.

A campaign's mutants are the first N of the order that are worth judging: what does not compile, or
compiles to the same object code, makes room for the next. Results are lines of JSON in one file,
written as they come, so a campaign that was stopped goes on from there. They are known by file,
function and text of the change, not by line: they stay valid while other code changes.
"""
import collections
import json
import re
import threading
import time

from mutants import mutants_of
from judges import Stopped, Unusable, stopping

NOT_JUDGED = {"no compile": "do not compile", "same code": "give the same object code"}
ENOUGH_PERCENT = 95


def read_equivalents(path):
    """{(file, function, change): reason} of a file of known equivalent mutants."""
    reasons, key = {}, None
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        head = re.fullmatch(r"(\S+) (\w+): (.+)", line)
        if head:
            key = head.groups()
            reasons[key] = ""
        elif line.startswith(" ") and key:
            reasons[key] = (reasons[key] + " " + line.strip()).strip()
        elif line and not line.startswith("#"):
            raise Unusable(f"{path}:{number}: neither `file function: change` nor a reason")
    if missing := [key for key, reason in reasons.items() if not reason]:
        raise Unusable(f"{path}: no reason is given for {missing[0]}")
    return reasons


class Campaign:
    """`judges(file)`: (build, judge, near) in the order in which they are asked, a new list each
    time. All mutants are shown to their near judges before one is shown to the others, which cost
    far more. `build`: the one whose object code tells which mutants are the same program."""

    def __init__(self, root, files, seed, build, judges, equivalents, state, say=print):
        self.root, self.build, self.judges, self.say = root, build, judges, say
        self.equivalents, self.state, self.lock = equivalents, state, threading.Lock()
        found = [m for file in files for m in mutants_of(file, (root / file).read_text())]
        self.order = sorted(found, key=lambda m: m.rank(seed))
        self.results = {}
        self.failure = None
        if state.exists():
            for line in state.read_text().splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:  # the last line of a campaign that was killed
                    continue
                self.results[tuple(entry["key"])] = entry

    def stale(self):
        """Known equivalents that are no mutants of these files any more."""
        here = {m.key[:3] for m in self.order}
        files = {m.file for m in self.order}
        return [key for key in self.equivalents if key[0] in files and key not in here]

    def note(self, mutant, result, **more):
        entry = {"key": mutant.key, "line": mutant.line, "result": result, **more}
        with self.lock:
            self.results[mutant.key] = entry
            with open(self.state, "a", encoding="utf-8") as out:
                out.write(json.dumps(entry) + "\n")
        if result not in NOT_JUDGED:
            by = f"{more['judge']} {more['how']}, " if "judge" in more else ""
            self.say(f"{result:10} {by}{more['seconds']} s  {where(mutant)}")

    def judge(self, mutant, slot, near):
        """Note what the near judges, or the others, make of one mutant: "killed"; "spared" by the
        near ones; "survived" all; or why it is not judged."""
        begin = time.monotonic()
        source = self.root / mutant.file
        text = mutant.apply(source.read_text())
        original = self.build.original(source, slot)
        made = self.build.compile(source, text, slot)
        if not made:
            return self.note(mutant, "no compile")
        if made.read_bytes() == original:
            return self.note(mutant, "same code")
        try:
            by = self.killer(source, text, slot, made,
                             [each for each in self.judges(mutant.file) if each[2] == near])
        finally:
            for build in {build for build, *_ in self.judges(mutant.file)}:
                build.clear(slot)
        seconds = round(time.monotonic() - begin, 1)
        if by:
            return self.note(mutant, "killed", judge=by[0], how=by[1], seconds=seconds)
        return self.note(mutant, "spared" if near else "survived", seconds=seconds)

    def killer(self, source, text, slot, made, judges):
        """(name, how) of the first judge that kills the mutant; None: none does."""
        last = self.build
        for build, judge, _ in judges:
            if not build.holds(judge, source, slot):
                continue
            if build is not last:
                made = build.compile(source, text, slot)
                last = build
            if made and (how := build.kills(judge, made, slot)):
                return judge.name + ("" if build is self.build else f" {build.folder.name}"), how
        return None

    def run(self, count, jobs, survivors_again):
        """Judge the first `count` of the order, as far as no result is noted."""
        again = {key for key, entry in self.results.items()
                 if survivors_again and entry["result"] in ("spared", "survived")}
        self.round(count, jobs, True,
                   lambda m: m.key not in self.results or m.key in again)
        if not stopping.is_set():
            self.round(count, jobs, False, lambda m: self.results[m.key]["result"] == "spared")

    def round(self, count, jobs, near, wanted):
        """Show those `wanted` of the first `count` to their near judges, or to the others."""
        begun = {"next": 0, "settled": 0, "busy": 0}

        def take():
            """The next mutant to judge; None: no more is needed, or none is left."""
            with self.lock:
                while begun["settled"] + begun["busy"] < count and not stopping.is_set():
                    if begun["next"] == len(self.order):
                        return None
                    mutant = self.order[begun["next"]]
                    begun["next"] += 1
                    known = mutant.key[:3] in self.equivalents
                    if not known and wanted(mutant):
                        begun["busy"] += 1
                        return mutant
                    begun["settled"] += (
                        known or self.results[mutant.key]["result"] not in NOT_JUDGED)
                return None

        def work(slot):
            while True:
                mutant = take()
                if mutant:
                    self.judge(mutant, slot, near)
                    with self.lock:
                        begun["busy"] -= 1
                        begun["settled"] += self.results[mutant.key]["result"] not in NOT_JUDGED
                elif stopping.is_set() or not begun["busy"]:
                    return
                else:
                    time.sleep(0.05)  # what is being judged may make room for another

        def work_safely(slot):
            try:
                work(slot)
            except Stopped:
                pass
            except BaseException as error:  # handed to the thread that waits for this one
                self.failure = error
                stopping.set()

        threads = [threading.Thread(target=work_safely, args=(slot,)) for slot in range(jobs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self.say("stopping; --resume goes on from here")
            stopping.set()
            for thread in threads:
                thread.join()
        if self.failure:
            raise self.failure

    def report(self, count):
        """Say what became of the first `count`; how many percent were killed of those that are not
        equivalent. None: not all are judged."""
        by_result, by_judge = collections.defaultdict(list), collections.Counter()
        settled, complete = 0, True
        for mutant in self.order:
            known = mutant.key[:3] in self.equivalents
            entry = self.results.get(mutant.key)
            if settled == count:
                break
            if not known and not entry:  # the campaign was stopped before this one
                complete = False
                break
            result = "equivalent" if known else entry["result"]
            by_result[result].append(mutant)
            if result == "killed":
                by_judge[entry["judge"]] += 1
            settled += result not in NOT_JUDGED
        killed, survived = len(by_result["killed"]), len(by_result["survived"])
        percent = 100 * killed / (killed + survived) if killed + survived else 100.0
        self.say("")
        for judge, kills in by_judge.most_common():
            self.say(f"{kills:6}  killed by {judge}")
        for result, why in NOT_JUDGED.items():
            self.say(f"{len(by_result[result]):6}  not counted: they {why}")
        for title, result in (("known as equivalent", "equivalent"),
                              ("spared by the tests of their rooms, others have not judged yet",
                               "spared"),
                              ("survived", "survived")):
            self.say(f"{len(by_result[result]):6}  {title}" + ":" * bool(by_result[result]))
            for mutant in by_result[result]:
                self.say(f"        {where(mutant)}")
                if result == "equivalent":
                    self.say(f"            {self.equivalents[mutant.key[:3]]}")
        for key in self.stale():
            self.say("stale in the list of equivalents: {} {}: {}".format(*key))
        self.say(f"{killed} of {killed + survived} that are not equivalent were killed: "
                 f"{percent:.1f} %")
        return percent if complete and not by_result["spared"] else None


def where(mutant):
    return f"{mutant.file}:{mutant.line} {mutant.function}: {mutant.change}"
