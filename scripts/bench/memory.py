"""What runs cost in memory, and that hundreds of them leave nothing behind."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from scripts.bench.prepare import Prepared, Progress
from scripts.bench.report import Goal, Section, megabytes
from scripts.bench.sides import Executor, bare_side
from scripts.bench.usage import Usage, proportional_memory, usage_of
from scripts.bench.workloads import PLOT, PRINT, TABLE, WORKLOADS

_LOOK_SECONDS = 0.004
_CLEAN = "f = open('made.txt', 'w'); f.write('x' * 100_000)\n"
_FAILS = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', '1'])\nraise ValueError('wrong')\n"
_INSTALLS = "import networkx\nprint(networkx.path_graph(3))\n"
# An allocator keeps pages that it will use again; what grows with the number of runs is far above this.
_GROWTH_BYTES = 2_000_000


def measure_growth(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """Mixed runs: printing, tables, charts, errors, files, a package; before and after."""
    count = 60 if quick else 300
    progress(f"leak: {count} mixed runs")
    codes = [PRINT.code, TABLE.code, _FAILS, PRINT.code, PLOT.code, _CLEAN, _INSTALLS, PRINT.code]
    with Executor(prepared) as ours:
        for code in codes * 2:
            ours.ask(code, reads=code is TABLE.code)
        before = _settled(ours)
        for number in range(count):
            code = codes[number % len(codes)]
            ours.ask(code, reads=code is TABLE.code)
        after = _settled(ours)
    section = Section("leak", f"{count} mixed runs in one environment", ("what", "before", "after", "growth"))
    for name, found in asdict(before).items():
        now = asdict(after)[name]
        show: Callable[[float], str] = megabytes if name in {"anonymous", "rss"} else str
        section.rows.append((_WORDS[name], show(found), show(now), show(now - found)))
    same = (before.processes, before.descriptors, before.files) == (
        after.processes,
        after.descriptors,
        after.files,
    )
    section.goals = [
        Goal("no process, descriptor or file more than before", "none" if same else "see the table", same),
        Goal(
            f"no growth in memory (at most {megabytes(_GROWTH_BYTES)} MB)",
            f"{megabytes(after.anonymous - before.anonymous)} MB",
            after.anonymous - before.anonymous <= _GROWTH_BYTES,
        ),
    ]
    section.data = {"runs": count, "before": asdict(before), "after": asdict(after)}
    return section


def measure_memory(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """The most that a run holds, beyond what its environment holds anyway."""
    section = Section(
        "memory",
        "Most memory during a run (MB, proportional share, looked at every few milliseconds)",
        ("program", "ours, this run", "ours, idle", "ours, in all", "bare python, in full"),
    )
    with Executor(prepared) as ours, bare_side(prepared) as bare:
        for workload in WORKLOADS:
            progress(f"memory: {workload.title}")
            for _ in range(2):
                ours.run(workload)
            _settled(ours)
            idle = proportional_memory(ours.pid)
            run = partial(ours.run, workload)
            peak = max(_peak_while(ours.pid, run) for _ in range(2 if quick else 5))
            figures = (peak - idle, idle, peak, bare.peak_bytes(workload))
            section.rows.append((workload.title, *map(megabytes, figures)))
            section.data[workload.name] = dict(
                zip(("run", "idle", "in_all", "bare_python"), figures, strict=True)
            )
    section.notes.append(
        "A run shares its zygote's pages until it writes to them: only what it changed counts."
    )
    return section


_WORDS = {
    "processes": "processes",
    "descriptors": "open descriptors",
    "anonymous": "memory that is no file's (MB)",
    "rss": "memory with files (MB)",
    "files": "files in its temporary folder",
}


def _settled(ours: Executor) -> Usage:
    """Once two looks in a row agree on what can be counted: spare processes start in the background."""
    found = usage_of(ours.pid, ours.temporary)
    for _ in range(50):
        time.sleep(0.1)
        before, found = found, usage_of(ours.pid, ours.temporary)
        if (before.processes, before.descriptors, before.files) == (
            found.processes,
            found.descriptors,
            found.files,
        ):
            return found
    return found


def _peak_while(pid: int, work: Callable[[], object]) -> int:
    """The most memory of `pid` and its descendants seen while `work` ran."""
    peak, ended = 0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not ended.is_set():
            peak = max(peak, proportional_memory(pid))
            time.sleep(_LOOK_SECONDS)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        work()
    finally:
        ended.set()
        watcher.join()
    return peak
