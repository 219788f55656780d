"""checkout.py - the program of other commits of this repository, and of this one with a change,
built in git worktrees under build/upgrade. For campaigns.
"""
import shutil
import subprocess

from herd import ROOT

WORKTREES = ROOT / "build/upgrade"


def git(*arguments):
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def build(folder):
    """The program of a checkout, built like ./run builds it."""
    script = f'. {ROOT}/tests/tools/packages.sh; packages_ensure "$packages_of_program"; ' \
             'root=$1; build release stampede'
    subprocess.run(["bash", "-euc", script, "bash", folder], check=True)
    return folder / "build/release/stampede"


def worktree(commit, name):
    """A checkout of its own, of just what the commit has."""
    folder = WORKTREES / name
    if git("-C", folder, "rev-parse", "--show-toplevel") != str(folder):
        shutil.rmtree(folder, ignore_errors=True)  # it may be a copy, whose repository is elsewhere
        git("worktree", "prune")
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "-q", "--detach", folder, commit],
                       check=True)
    subprocess.run(["git", "-C", folder, "checkout", "-q", "--force", "--detach", commit],
                   check=True)
    return folder


def broken(file, text, changed):
    """The program of HEAD's own source in which `changed` stands in place of `text`."""
    folder = worktree(git("rev-parse", "HEAD"), "broken")  # HEAD there is the worktree's own
    source = (folder / file).read_text()
    assert source.count(text) == 1, f"{file}: {text} stands there {source.count(text)} times"
    (folder / file).write_text(source.replace(text, changed))
    return build(folder)
