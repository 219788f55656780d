"""report.py - tables of the results, and whether the targets are met, in Markdown for the terminal
and for README.md."""
from bench import labels, median, spread

def number(value):
    """A number with three significant digits."""
    if value is None:
        return "-"
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            value, suffix = value / (1e6 if unit == "M" else 1e3), unit
            break
    else:
        suffix = ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{suffix}"


def table(head, rows):
    """The lines of a table with aligned columns."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    def line(row):
        return "| " + " | ".join(text.ljust(width) if i == 0 else text.rjust(width)
                                 for i, (text, width) in enumerate(zip(row, widths))) + " |"
    rule = "|".join("-" * (w + 2 - (i > 0)) + ":" * (i > 0) for i, w in enumerate(widths))
    return [line(head), f"|{rule}|", *map(line, rows), ""]


def grid(samples, part, key, title, against=None, with_spread=False):
    """A row per server, a column per case; `against`: add the ratio to that server's value."""
    cases = [case for case in labels(samples, part, "case")
             if any(key in s for s in samples if s["part"] == part and s["case"] == case)]
    rows = []
    for server in labels(samples, part, "server"):
        row = [server]
        for case in cases:
            value = median(samples, part, case, server, key)
            base = median(samples, part, case, against, key) if against else None
            text = number(value)
            if value is not None and with_spread:
                text += f" ±{spread(samples, part, case, server, key):.0%}"
            if value is not None and base and server != against:
                text += f" ({value / base:.2f})"
            row.append(text)
        if any(cell != "-" for cell in row[1:]):
            rows.append(row)
    return [f"**{title}**", "", *table(["", *cases], rows)] if rows else []


GRIDS = {
    "iamat": [("per_second", "IAMAT a second, connections x depth (to stampede)", "stampede", True),
              ("server_cpu_us", "server's processor time an operation, us", "stampede", False),
              ("p50_us", "p50, us", "stampede", False), ("p99_us", "p99, us", "stampede", False)],
    "open": [("p50_us", "open loop: p50 from when a command was due, us", "stampede", False),
             ("p99_us", "p99, us", "stampede", False), ("max_us", "longest, us", None, False),
             ("unanswered", "never answered", None, False)],
    "whatsat": [("per_second", "questions a second: radius in km, results", "stampede", True),
                ("server_cpu_us", "server's processor time a question, us", "stampede", False),
                ("p50_us", "p50, us", "stampede", False), ("p99_us", "p99, us", "stampede", False)],
    "memory": [("bytes", "bytes of process memory", "stampede", False)],
    "flood": [("per_second", "flooding, five nodes: updates a second at all", "stampede", True),
              ("cpu_us", "processor time of all nodes an update, us", "stampede", False),
              ("p50_us", "from due to seen at the farthest: p50, us", "stampede", False),
              ("p99_us", "p99, us", "stampede", False),
              ("reply_p50_us", "from replied to seen at the farthest: p50, us", "stampede", False),
              ("reply_p99_us", "p99, us", "stampede", False),
              ("unseen", "never seen", None, False)],
    "growth": [("p50_us", "filling, open loop: p50, us", None, False),
               ("p99_us", "p99, us", None, False), ("p999_us", "p99.9, us", None, False),
               ("max_us", "longest, us", None, False)],
    "cost ids": [("per_second", "IAMAT a second by ids, 50x16", None, True),
                 ("server_cpu_us", "processor time an IAMAT by ids, us", None, False)],
    "cost connections": [("per_second", "IAMAT a second by connections, 1 deep", None, True),
                         ("server_cpu_us", "processor time by connections, us", None, False)],
    "cost nodes": [("per_second", "flooded updates a second by nodes", None, True),
                   ("cpu_us_a_node", "processor time an update and node, us", None, False)],
    "lifecycle": [("ms", "ms", None, True)],
    "journal": [("per_second", "IAMAT a second with a journal, 1M ids", "stampede", True),
                ("server_cpu_us", "processor time an IAMAT with a journal, us", "stampede", False),
                ("p50_us", "with a journal: p50, us", "stampede", False),
                ("p99_us", "with a journal: p99, us", "stampede", False)],
    "live near": [("per_second", "NEAR 10 km 20 a second, 1M stamps: shape, share of NEAR",
                   "stampede NEAR", True),
                  ("server_cpu_us", "processor time a command, us", "stampede NEAR", False),
                  ("p50_us", "p50, us", "stampede NEAR", False),
                  ("p99_us", "p99, us", "stampede NEAR", False)],
    "live watched": [("per_second", "IAMAT a second while somebody watches", "stampede", True),
                     ("server_cpu_us", "processor time an IAMAT, us", "stampede", False)],
    "journal starts": [("read_ms", "reading a journal back, ms", None, False),
                       ("ready_ms", "from the start of the process to its port, ms", None, False),
                       ("bytes", "bytes of the files a stamp", None, False)],
}


def tables(samples):
    lines = []
    for part, grids in GRIDS.items():
        for key, title, against, with_spread in grids:
            lines += grid(samples, part, key, title, against, with_spread)
    return lines


# -- targets ---------------------------------------------------------------------------------------

def ratio(samples, part, key, case, of, to, to_case=None):
    """The ratio of two medians of the same run; None: one of them was not measured."""
    value = median(samples, part, case, of, key)
    base = median(samples, part, to_case or case, to, key)
    return value / base if value is not None and base else None


def absolute(samples, part, key, case, of):
    return median(samples, part, case, of, key)


def largest(samples, part, prefix, of):
    """The case that begins with `prefix` and ends with the largest number."""
    cases = [s["case"] for s in samples if s["part"] == part and s["server"] == of
             and s["case"].startswith(prefix)]
    return max(cases, key=lambda c: int(c.rsplit(" ", 1)[-1]), default="")


def rows(samples):
    """Rows of figure, measured, at least, aim, unit, and perhaps the ratio by processor time."""
    s = samples
    stamp = largest(s, "memory", "a stamp of", "stampede")
    us, fast, farthest = "stampede", "shipped, as fast as can be", "shipped, 1000/s"

    def iamat(case, to, of=us, key="per_second"):
        return ratio(s, "iamat", key, case, of, to)

    def busy(case, to):
        """The same by the servers' processor time, which other work hardly affects."""
        return ratio(s, "iamat", "server_cpu_us", case, to, us)

    longest = absolute(s, "growth", "max_us", "the store alone", us)
    found = [
        ("IAMAT 50x128 against Redis SET", iamat("50x128", "redis SET"), 7, 10, "x",
         busy("50x128", "redis SET")),
        ("IAMAT 50x16 against Redis SET", iamat("50x16", "redis SET"), 3, 4, "x",
         busy("50x16", "redis SET")),
        ("IAMAT 50x1 against Redis SET", iamat("50x1", "redis SET"), 1.2, 1.4, "x",
         busy("50x1", "redis SET")),
        ("IAMAT against io_uring echo, 50x1", iamat("50x1", "echo io_uring"), 0.90, 0.97, "x",
         busy("50x1", "echo io_uring")),
        ("IAMAT against io_uring echo, 50x16", iamat("50x16", "echo io_uring"), 0.80, 0.92, "x",
         busy("50x16", "echo io_uring")),
        ("IAMAT against io_uring echo, 50x128", iamat("50x128", "echo io_uring"), 0.50, 0.65, "x",
         busy("50x128", "echo io_uring")),
        ("1x1 p50 against Redis, with spin", iamat("1x1", "redis SET", "stampede spin", "p50_us"),
         0.6, 0.45, "x at most"),
        ("10000x1 against 1000x1 throughput",
         ratio(s, "iamat", "per_second", "10000x1", us, us, "1000x1"), 0.8, 0.95, "x"),
        ("bytes a stamp against Redis SET", ratio(s, "memory", "bytes", stamp, us, "redis SET"),
         0.5, 0.33, "x at most"),
        ("memory of an idle connection against Redis",
         ratio(s, "memory", "bytes", "an idle connection", us, "redis SET"), 0.2, 0.07,
         "x at most"),
        ("longest pause of the growing store, ms", longest / 1e3 if longest else None, 5, 1,
         "ms at most"),
        ("flooding to 4 sinks against nats cluster", ratio(s, "flood", "per_second", fast, us,
                                                           "nats cluster"), 3, 5, "x"),
        ("flooding to 4 sinks against asyncio",
         ratio(s, "flood", "per_second", fast, us, "asyncio"), 300, 1000, "x"),
        ("to the farthest node, p50 at 1000/s, against nats",
         ratio(s, "flood", "p50_us", farthest, us, "nats cluster"), 0.7, 0.5, "x at most"),
        ("the same against Redis chain",
         ratio(s, "flood", "p50_us", farthest, us, "redis chain"), 0.85, 0.7, "x at most"),
        ("the same against asyncio",
         ratio(s, "flood", "p50_us", farthest, us, "asyncio"), 0.25, 0.15, "x at most"),
        ("flood p99 at 20000/s from a cold start, against Redis chain",
         ratio(s, "flood", "p99_us", "cold, 20000/s", us, "redis chain"), 1.0, 0.5, "x at most"),
    ]
    return [row for row in found if row[1] is not None]


def targets(samples):
    """A table of each figure, its bound and its aim."""
    lines = []
    for what, value, least, aim, unit, *by_time in rows(samples):
        at_most = unit.endswith("at most")
        met = value <= least if at_most else value >= least
        reached = value <= aim if at_most else value >= aim
        verdict = "aim reached" if reached else "met" if met else "NOT MET"
        unit = unit.split()[0]
        by_time = f"{by_time[0]:.3g}{unit}" if by_time and by_time[0] else "-"
        lines.append([what, f"{value:.3g}{unit}", by_time,
                      f"{'<=' if at_most else '>='} {least}{unit}", f"{aim}{unit}", verdict])
    if not lines:
        return []
    return ["**Targets** (ratios of medians of one run)", "",
            *table(["figure", "measured", "by CPU time", "at least", "aim", ""], lines)]
