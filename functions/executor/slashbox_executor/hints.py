"""One line for the person, where status and traceback alone do not say what to do."""

from __future__ import annotations

import difflib
import re

from .imports import find_missing
from .manifest import Manifest
from .protocol import RunLimits
from .supervise import Ending

_WAITS_FOR_INPUT = re.compile(r"^EOFError: EOF when reading a line", re.MULTILINE)
_NO_MEMORY = re.compile(r"^(?:[\w.]+\.)?_?(?:Array)?MemoryError\b")
_NETWORK_ERRORS = (
    "gaierror|URLError|ConnectionRefusedError|ConnectTimeout|NewConnectionError|MaxRetryError|ConnectError|"
    "ClientConnectorError|ClientConnectorDNSError|ProxyError"
)
_NO_NETWORK = "Network access is switched off here."
_NO_SCREEN = "There is no screen here: draw with matplotlib.pyplot and the figures come back as pictures."
# The kernel's refusal names no file; that it was about the network, only the lines of code tell.
_REFUSED = re.compile(r"^(?:PermissionError: )?\[Errno (?:1|13)\] [\w ]+$")
_REACHES_OUT = re.compile(
    r"socket|connect|bind|listen|getaddrinfo|http|ftp|smtp|imap|telnet|url|request|server|download|network",
    re.IGNORECASE,
)
_USES_MANAGER = re.compile(r"\bManager\(")
# A pool that cannot have its locks: where there is no /dev/shm (Lambda), or none that may be written.
_NO_POOLS = (
    "Pools, queues and locks of multiprocessing do not work here; threads do: try "
    "concurrent.futures.ThreadPoolExecutor or multiprocessing.dummy. A Process with a Pipe works too."
)
_USES_POOLS = re.compile(
    r"\b(?:Pool|ProcessPoolExecutor|(?:Simple|Joinable)?Queue|R?Lock|(?:Bounded)?Semaphore|Event|Condition|"
    r"Barrier|Value|Array|Parallel)\("
)
_NO_SEMAPHORE = re.compile(r"^(?:PermissionError|FileNotFoundError): \[Errno (?:2|13)\] [\w ]+$")
# `pip install` has many ways to fail here, and most leave the run itself successful.
_PIP_FAILED = re.compile(
    r"^(?:.*\b(?:pip[\d.]*|conda): (?:command )?not found|.*: No module named pip|"
    r"FileNotFoundError: .* No such file or directory: '(?:pip[\d.]*|conda)'|"
    r"ERROR: (?:Could not find a version that satisfies|No matching distribution found)|"
    r"error: externally-managed-environment)",
    re.MULTILINE,
)
_PIP = "Nothing is installed by hand here: approved packages come by themselves when the code imports them."
_ERRORS = {
    re.compile(
        rf"^(?:[\w.]+\.)?(?:{_NETWORK_ERRORS})\b|^OSError: \[Errno 101\]|name resolution|Network is unrea"
    ): _NO_NETWORK,
    # A refused file is named in the message; nothing else that a run is refused has no name.
    re.compile(r"^PermissionError: \[Errno (?:1|13)\] .*: '[^']*'$"): (
        "A run reaches its working folder and tempfile.gettempdir(), and no other files."
    ),
    re.compile(
        r"^OSError: \[Errno 38\]|^(?:ImportError|NotImplementedError): This (?:platform|Python build) lacks "
    ): _NO_POOLS,
    re.compile(r"^(?:RuntimeError: can't start new thread|BlockingIOError: \[Errno 11\])"): (
        "A run may have {limits.processes} processes and threads."
    ),
    re.compile(r"^ValueError: unknown file extension: \.(?:mp4|mov|avi|webm|mkv)$"): (
        "There is no ffmpeg here: save the animation as .gif."
    ),
    re.compile(r"^RuntimeError: Failed to process string with tex because \w+ could not be found"): (
        "There is no LaTeX here: without text.usetex, matplotlib draws most formulas itself."
    ),
    re.compile(
        r"^(?:_tkinter\.)?TclError: (?:no display name|couldn't connect to display)|"
        r"^ImportError: (?:Failed to import any of the following Qt|The GTK[34] backends require)|"
        r"^(?:ModuleNotFoundError|ImportError): No module named '(?:gi|wx|_tkinter|kivy|Py(?:Qt|Side)\d)\b"
    ): _NO_SCREEN,
    re.compile(r"^OSError: \[Errno 27\]"): "One file may have at most {limits.disk_megabytes:,} MB.",
}
_NETWORK_MODULES = frozenset(
    """
    requests httpx aiohttp urllib3 websocket websockets boto3 botocore paramiko selenium playwright
    scrapy discord yfinance openai anthropic praw tweepy wget pycurl ftputil pymysql psycopg2 redis
    pymongo
    """.split()  # noqa: SIM905 - a list of them would fill a page
)
_SHORT_NAMES = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "sns": "seaborn",
    "nx": "networkx",
    "tf": "tensorflow",
    "xgb": "xgboost",
    "lgb": "lightgbm",
}
_TAIL_CHARACTERS = 4_000
# What figures.py and pictures.py say when they save what is open at the end, after the traceback.
_REMARK = re.compile(
    r"Figure \d+ could not be saved: |There is no LaTeX here: figure |The animation is cut after "
)


def ran_out_of_memory(ending: Ending) -> bool:
    """The code itself ended with a MemoryError."""
    return ending.exit_code == 1 and bool(_NO_MEMORY.search(_last_line(ending.errors)))


def hint_for(ending: Ending, limits: RunLimits, stdin_given: bool, manifest: Manifest) -> str | None:
    """What to tell the person beside the output, or None."""
    if ending.broken is not None or ran_out_of_memory(ending):
        return _about_limit(ending, limits)
    if ending.signal == "SIGXCPU":
        return "It used more processor time than a run may take."
    if ending.signal == "SIGKILL":
        return "The system ended it, most likely because it ran out of memory."
    if _PIP_FAILED.search(ending.errors[-_TAIL_CHARACTERS:]):
        return _PIP
    if ending.exit_code in {0, None}:
        return None
    return _about_error(ending.errors, limits, stdin_given) or _about_module(ending.errors, manifest)


def _about_limit(ending: Ending, limits: RunLimits) -> str:
    match ending.broken:
        case "timeout":
            return f"It was stopped after {limits.time_seconds:g} seconds, the time a run may take."
        case "disk":
            return f"It was stopped: a run may write {limits.disk_megabytes:,} MB, and not too many files."
        case "processes":
            return f"It was stopped: a run may have {limits.processes} processes and threads."
    return f"It ran out of memory: a run may use {limits.memory_megabytes:,} MB."


def _about_error(errors: str, limits: RunLimits, stdin_given: bool) -> str | None:
    line = _last_line(errors)
    if _WAITS_FOR_INPUT.search(line):
        if stdin_given:
            return "Your code asked for more input than the stdin field gave it."
        return "Your code waits for input(): give it in the stdin field."
    if text := _about_refusal(line, errors[-_TAIL_CHARACTERS:]):
        return text
    for pattern, text in _ERRORS.items():
        if pattern.search(line):
            return text.format(limits=limits)
    return None


def _about_refusal(line: str, errors: str) -> str | None:
    """What was refused, only the lines of code in the traceback tell."""
    if _REFUSED.search(line) and _REACHES_OUT.search(errors):
        return _NO_NETWORK
    if line == "EOFError" and _USES_MANAGER.search(errors):
        return "multiprocessing.Manager needs sockets, which are switched off here: use Queue, Pipe or Value."
    if _NO_SEMAPHORE.search(line) and _USES_POOLS.search(errors):
        return _NO_POOLS
    return None


def _about_module(errors: str, manifest: Manifest) -> str | None:
    missing = find_missing(_last_line(errors))
    if not missing:
        return None
    module = missing[0]
    root = module.partition(".")[0]
    if any(provider.approved for provider in manifest.providers(module)):
        return None
    if text := manifest.hints.get(module) or manifest.hints.get(root):
        return text
    if root.casefold() in _NETWORK_MODULES:
        return f"{root} is not available: there is no network access here."
    return _near_package(root, manifest)


def _near_package(root: str, manifest: Manifest) -> str | None:
    imports = {
        name: owner
        for name, owners in manifest.imports.items()
        for owner in owners
        if (found := manifest.distributions.get(owner)) and found.approved and not name.startswith("_")
    }
    if not imports:
        return None
    if (module := _SHORT_NAMES.get(root)) and module.partition(".")[0] in imports:
        return f"{root} is only what people call {module}: import {module} as {root}."
    wanted = re.sub(r"[-_.]+", "-", root).casefold()
    for name, owner in imports.items():
        if owner.rstrip("0123456789") == wanted or wanted in {owner, *owner.split("-")}:
            return f"{root} is not the name to import: {owner} is imported as {name}."
    near = difflib.get_close_matches(root, list(imports), n=1, cutoff=0.75)
    if near:
        owner = imports[near[0]]
        also = "" if owner == near[0] else f" (from {owner})"
        return f"There is no {root} here. Did you mean {near[0]}{also}?"
    return f"{root} is not among the packages that are available here."


def _last_line(text: str) -> str:
    """The last one that is not a remark of ours."""
    for line in reversed(text[-_TAIL_CHARACTERS:].rstrip().splitlines()):
        if not _REMARK.match(line):
            return line
    return ""
