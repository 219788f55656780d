"""main.py - the command line of perf/run, which has installed and built everything before."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import signal
import subprocess
import sys
import tempfile

import bench
import parts
import plots
import report
import servers

RESULTS = servers.ROOT / "build/perf"


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "?")
    commit = subprocess.run(["git", "-C", servers.ROOT, "describe", "--always", "--dirty"],
                            capture_output=True, text=True, check=False).stdout.strip()
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "commit": commit, "load_average_before": os.getloadavg()[0],
            "date": datetime.datetime.now().isoformat(timespec="minutes")}


def arguments():
    reader = argparse.ArgumentParser(
        prog="perf/run",
        description="Measures a node and a herd side by side with what people would use instead, "
        "in rounds in which all servers take turns. Results are written to build/perf/.")
    reader.add_argument("parts", nargs="*", metavar="PART",
                        help=f"one of {', '.join(parts.PARTS)}; default: all")
    reader.add_argument("--quick", action="store_true",
                        help="fewer and shorter measurements, less certain: two minutes")
    reader.add_argument("--rounds", type=int, help="default: 5, with --quick 3")
    reader.add_argument("--plots", action="store_true",
                        help="draw the plots of perf/README.md to perf/plots/, too")
    reader.add_argument("--installs", action="store_true",
                        help="say which packages are missing, and how much is to be fetched for "
                        "them, and end; fewer with --quick")
    reader.add_argument("--again", action="store_true",
                        help="measure nothing; print tables and plots of the last results")
    given = reader.parse_args()
    wrong = [name for name in given.parts if name not in parts.PARTS]
    if wrong:
        reader.error(f"no part {wrong[0]!r}; there are {', '.join(parts.PARTS)}")
    return given


def measure_part(run, name):
    """Measure a part; if that fails, the other parts go on."""
    try:
        parts.PARTS[name](run)
    except (servers.Trouble, OSError, subprocess.SubprocessError) as why:
        run.note(f"{name}: {why}")
    finally:
        run.stop()


def measure(given):
    """Take all samples. The servers are stopped in any case."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rounds = given.rounds or (3 if given.quick else 5)
    with tempfile.TemporaryDirectory(prefix="perf.") as folder:
        os.chmod(folder, 0o755)
        run = bench.Bench(pathlib.Path(folder), given.quick, rounds)
        described = {"machine": machine(), "quick": given.quick, "rounds": rounds}
        try:
            for name in given.parts or parts.PARTS:
                measure_part(run, name)
        except KeyboardInterrupt:
            run.note("interrupted; results are incomplete")
        finally:
            run.stop()
        return {**described, "notes": run.notes, "samples": run.samples}


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, interrupted)  # stop the servers, keep the results
    path = RESULTS / "results.json"
    if given.again:
        results = json.loads(path.read_text())
    else:
        results = measure(given)
        RESULTS.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1))
    m = results["machine"]
    print(f"{m['processor']}, {m['cores']} cores, Linux {m['kernel']}, {m['date']}, {m['commit']}, "
          f"{results['rounds']} rounds{', quick' if results['quick'] else ''}; other work on the "
          f"machine when it began: {m['load_average_before']:.1f}\n")
    lines = report.tables(results["samples"]) + report.targets(results["samples"])
    print("\n".join(lines))
    for note in results["notes"]:
        print(f"note: {note}")
    folders = [RESULTS] + ([servers.ROOT / "perf/plots"] if given.plots else [])
    for folder in folders:
        drawn = plots.all_plots(results["samples"], folder)
    (RESULTS / "tables.md").write_text("\n".join(lines))
    print(f"{path}, tables.md" + "".join(f", {p.name}" for p in drawn), file=sys.stderr)


if __name__ == "__main__":
    main()
