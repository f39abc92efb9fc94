"""How long a user waits: against fresh interpreters, against a bare fork, and eight users at once."""

import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict

from scripts.bench.prepare import Prepared, Progress
from scripts.bench.report import Goal, Section, milliseconds
from scripts.bench.sides import BareFork, Executor, Side, bare_side, venv_side
from scripts.bench.spread import Spread, paired_differences, paired_ratios, spread
from scripts.bench.workloads import PLOT, PRINT, TABLE, WORKLOADS, Workload

_PAIRS = {PRINT.name: 60, TABLE.name: 20, PLOT.name: 12}
_QUICK_PAIRS = {PRINT.name: 15, TABLE.name: 5, PLOT.name: 3}
_FASTER = {PRINT.name: 4.0, TABLE.name: 6.0, PLOT.name: 6.0}
_OVER_FORK_MS = 5.0
_USERS = 8
_WARM_UP = 3


def measure_latency(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """Each program, ours and the others' in turn."""
    section = Section(
        "latency",
        "One run, as its user waits for it (ms, medians; ratios are medians of pairs, with their quarters)",
        ("program", "ours", "venv python", "bare python", "bare fork", "venv/ours", "bare/ours", "over fork"),
    )
    pairs = _QUICK_PAIRS if quick else _PAIRS
    with ExitStack() as stack:
        ours = stack.enter_context(Executor(prepared))
        venv, bare = stack.enter_context(venv_side(prepared)), stack.enter_context(bare_side(prepared))
        fork = stack.enter_context(BareFork())
        for workload in WORKLOADS:
            progress(f"latency: {workload.title}, {pairs[workload.name]} rounds")
            sides: dict[str, Side] = {"ours": ours, "venv": venv, "bare": bare}
            for side in (ours, venv, bare):
                if workload.modules:
                    side.check_byte_code(workload.modules)
            if workload is PRINT:
                sides["fork"] = fork
            _add_latency(section, workload, take_turns(sides, workload, pairs[workload.name]))
    return section


def measure_row(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """A hundred runs in a row: whether the last ones are as quick as the first."""
    count = 30 if quick else 100
    progress(f"row: {count} runs in a row")
    section = Section(
        "row",
        f"{count} runs of print(1) in a row, in one environment (ms)",
        ("which", "median", "quarters", "ends"),
    )
    with Executor(prepared) as ours:
        ours.run(PRINT)
        times = [ours.run(PRINT) for _ in range(count)]
    tenth = count // 10
    for name, part in (("all", times), (f"first {tenth}", times[:tenth]), (f"last {tenth}", times[-tenth:])):
        found = spread(part)
        ends = f"{milliseconds(found.least)}-{milliseconds(found.most)}"
        section.rows.append((name, milliseconds(found.median), _quarters(found), ends))
    section.data = {"durations_ms": times}
    return section


def measure_users(prepared: Prepared, quick: bool, progress: Progress) -> Section:
    """Eight users at once, each with their own environment, against eight fresh interpreters at once."""
    rounds = 3 if quick else 10
    section = Section(
        "users",
        f"{_USERS} users at once (ms until one has an answer; runs a second over all)",
        ("program", "ours", "bare python", "ratio", "ours, runs/s", "bare, runs/s"),
    )
    with ExitStack() as stack:
        progress(f"users: {_USERS} environments start")
        users = [stack.enter_context(Executor(prepared)) for _ in range(_USERS)]
        pool = stack.enter_context(ThreadPoolExecutor(_USERS))
        bare = [stack.enter_context(bare_side(prepared)) for _ in range(_USERS)]
        for workload in (PRINT, TABLE):
            progress(f"users: {workload.title}, {rounds} rounds")
            for user in users:  # one after the other: so that all are warm
                user.run(workload)
            ours_rounds, bare_rounds = [], []
            for _ in range(rounds):
                ours_rounds.append(_at_once(pool, users, workload))
                bare_rounds.append(_at_once(pool, bare, workload))
            _add_users(section, workload, ours_rounds, bare_rounds)
    return section


def take_turns(sides: dict[str, Side], workload: Workload, rounds: int) -> dict[str, list[float]]:
    """Milliseconds by side. Each round runs every side once, and begins with another one than the last."""
    names = list(sides)
    for _ in range(_WARM_UP):
        for name in names:
            sides[name].run(workload)
    times: dict[str, list[float]] = {name: [] for name in names}
    for round_ in range(rounds):
        first = round_ % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(sides[name].run(workload))
    return times


def _add_latency(section: Section, workload: Workload, times: dict[str, list[float]]) -> None:
    medians = {name: milliseconds(spread(values).median) for name, values in times.items()}
    against = {name: paired_ratios(times[name], times["ours"]) for name in ("venv", "bare")}
    over = paired_differences(times["ours"], times["fork"]) if "fork" in times else None
    section.rows.append(
        (
            workload.title,
            medians["ours"],
            medians["venv"],
            medians["bare"],
            medians.get("fork", ""),
            *(_ratio(ratio) for ratio in against.values()),
            "" if over is None else f"+{milliseconds(over.median)}",
        )
    )
    wanted = _FASTER[workload.name]
    section.goals.append(
        Goal(
            f"{workload.title}: at least {wanted:g} times faster than a fresh interpreter",
            f"{against['venv'].median:.1f} times",
            against["venv"].median >= wanted,
        )
    )
    if over is not None:
        section.goals.append(
            Goal(
                f"{workload.title}: at most {_OVER_FORK_MS:g} ms over a bare fork",
                f"{over.median:.1f} ms over it",
                over.median <= _OVER_FORK_MS,
            )
        )
    section.data[workload.name] = {
        "times_ms": times,
        "ratios": {name: asdict(ratio) for name, ratio in against.items()},
        "over_fork_ms": None if over is None else asdict(over),
    }


def _at_once(pool: ThreadPoolExecutor, sides: Sequence[Side], workload: Workload) -> list[float]:
    """Milliseconds of each, measured by who waits: time in a queue counts."""
    gate = threading.Barrier(len(sides))

    def wait(side: Side) -> float:
        gate.wait(60)
        started = time.perf_counter()
        side.run(workload)
        return (time.perf_counter() - started) * 1000

    return list(pool.map(wait, sides))


def _add_users(
    section: Section, workload: Workload, ours: list[list[float]], bare: list[list[float]]
) -> None:
    medians = [[statistics.median(times) for times in rounds] for rounds in (ours, bare)]
    # The slowest one ends the round.
    rates = [_USERS / statistics.median(max(times) for times in rounds) * 1000 for rounds in (ours, bare)]
    ratio = paired_ratios(medians[1], medians[0])
    section.rows.append(
        (
            workload.title,
            *(milliseconds(statistics.median(values)) for values in medians),
            _ratio(ratio),
            *(f"{rate:.1f}" for rate in rates),
        )
    )
    section.data[workload.name] = {
        "ours_ms": ours,
        "bare_ms": bare,
        "ratio": asdict(ratio),
        "runs_per_second": {"ours": rates[0], "bare": rates[1]},
    }


def _ratio(found: Spread) -> str:
    return f"{found.median:.2f} ({found.lower:.2f}-{found.upper:.2f})"


def _quarters(found: Spread) -> str:
    return f"{milliseconds(found.lower)}-{milliseconds(found.upper)}"
