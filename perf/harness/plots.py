"""plots.py - draws SVGs for README.md from the samples, with gnuplot."""
import math
import shutil
import subprocess

from bench import labels, median, pick

COLOURS = ["#0b6e4f", "#1f77b4", "#d62728", "#9467bd", "#ff7f0e", "#7f7f7f", "#8c564b", "#17becf",
           "#bcbd22", "#e377c2", "#555555", "#98df8a", "#000000", "#c5b0d5"]
HEAD = """set terminal svg size 760,400 font 'sans-serif,12' background '#ffffff' rounded dashed
set output '{path}'
set title "{title}" noenhanced
set key outside right noenhanced
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
{more}
"""


def draw(path, title, more, plots, data):
    """data: a block of lines for each plot of `plots`."""
    script = HEAD.format(path=path, title=title, more=more)
    for i, block in enumerate(data):
        script += f"$d{i} << EOD\n" + "\n".join(block) + "\nEOD\n"
    script += "plot " + ", \\\n ".join(plots) + "\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True, capture_output=True)
    return path


def lines(samples, part, key, path, title, x_of, more, servers=None):
    """A line per server over the cases' numbers; whiskers from smallest to largest."""
    plots, data = [], []
    for server in servers or labels(samples, part, "server"):
        block = []
        for case in labels(samples, part, "case"):
            values, x = pick(samples, part, case, server, key), x_of(case)
            if values and x is not None:
                middle = median(samples, part, case, server, key)
                block.append(f"{x} {middle} {min(values)} {max(values)}")
        if block:
            i = len(data)
            plots.append(f"$d{i} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.5 "
                         f"lc rgb '{COLOURS[i % len(COLOURS)]}' title '{server}'")
            data.append(block)
    return draw(path, title, more, plots, data) if data else None


def bars(samples, part, key, path, title, cases, more, name=str):
    """A group of bars per case, labelled by `name`, with a bar per server."""
    servers = [s for s in labels(samples, part, "server")
               if any(pick(samples, part, case, s, key) for case in cases)]
    plots, data = [], []
    for i, server in enumerate(servers):
        data.append([f'"{name(case)}" {median(samples, part, case, server, key) or math.nan}'
                     for case in cases])
        plots.append(f"$d{i} using 2:xtic(1) lc rgb '{COLOURS[i % len(COLOURS)]}' title '{server}'")
    style = "set style data histograms\nset style histogram cluster gap 2\nset style fill solid\n"
    return draw(path, title, style + more, plots, data) if data else None


def all_plots(samples, folder):
    """Draw every plot for which there are samples; returns their paths."""
    if not shutil.which("gnuplot"):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    log_y = "set logscale y\nset format y '%.0s%c'\n"
    log = log_y + "set logscale x\nset format x '%.0s%c'\n"
    shapes = [c for c in labels(samples, "iamat", "case")]
    fast = [c for c in labels(samples, "flood", "case") if c.endswith("fast as can be")]
    paced = [c for c in labels(samples, "flood", "case") if c.startswith("shipped") and "/s" in c]
    drawn = [
        bars(samples, "iamat", "per_second", folder / "iamat.svg",
             "IAMAT or its like a second, one core, by connections x depth", shapes, log_y),
        lines(samples, "open", "p99_us", folder / "open.svg",
              "Open loop: p99 from when a command was due, us", lambda c: int(c[:-2]),
              log + "set xlabel 'commands a second'\n"),
        bars(samples, "flood", "per_second", folder / "flood.svg",
             "Flooding, five nodes on two cores: updates a second at all sinks", fast, log_y,
             lambda case: case.split(",")[0]),
        bars(samples, "flood", "p50_us", folder / "flood_latency.svg",
             "From when an update was due to sight at the farthest node: p50, us", paced, log_y,
             lambda case: case.split(", ")[1]),
        bars(samples, "memory", "bytes", folder / "memory.svg", "Bytes of process memory",
             labels(samples, "memory", "case"), log_y),
        lines(samples, "cost ids", "server_cpu_us", folder / "cost_ids.svg",
              "Processor time an IAMAT by ids, us (50 x 16)", int,
              "set logscale x\nset format x '%.0s%c'\nset yrange [0:]\nset xlabel 'ids'\n"),
        lines(samples, "cost connections", "server_cpu_us", folder / "cost_connections.svg",
              "Processor time an IAMAT by connections, us (1 deep)", int,
              "set logscale x\nset format x '%.0s%c'\nset yrange [0:]\nset xlabel 'connections'\n"),
    ]
    return [path for path in drawn if path]
