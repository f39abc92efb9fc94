"""Writes IPython's `%magics`, `!commands` and `?help` as IPython does in Python, every line where it was, and
has the `get_ipython()` that carries out the few that make sense here."""

from __future__ import annotations

import re
import sys

# Matched against a line without its indentation, so that no blank of it is looked at twice.
_HELP = re.compile(r"\?|[\w.*]+[ \t]*\?{1,2}[ \t]*$")
_MAGIC = re.compile(
    r"(?P<assigned>[\w(][\w.,\[\]()'\" ]*=[ \t]*)?(?:(?P<magic>%)(?=\w)|(?P<listed>!!?)(?!=))(?P<rest>.*)",
    re.DOTALL,
)
_ANY = re.compile(r"^[ \t]*[%!?]|^[^#\n]*=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_OPENS = re.compile(r"""(?P<quote>\"{3}|'{3}|"|')|(?P<comment>#)|(?P<bracket>[()\[\]{}])""")
_CLOSES = {quote: re.compile(rf"\\.?|{quote}", re.DOTALL) for quote in ('"""', "'''", '"', "'")}
_RUN_AS_IT_IS = frozenset({"capture"})
# They change how a notebook looks or where plots go; here that is settled.
_NEEDLESS = frozenset("matplotlib config load_ext reload_ext autoreload colors xmode precision".split())  # noqa: SIM905
_INSTALLERS = re.compile(
    r"^(?:\S*python\S*\s+-m\s+|\{sys\.executable\}\s+-m\s+|uv\s+|sudo\s+)*(?:pip3?|conda|mamba)\b"
)
_PACKAGES = "nothing is installed by hand here: approved packages come by themselves when code imports them"
_SHELLS = frozenset({"bash", "sh", "script", "!"})


def to_python(source: str) -> str:
    """The cell in Python, every line where it was."""
    if not _ANY.search(source):
        return source
    lines = source.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        name, _, rest = lines[first].strip()[2:].partition(" ")
        if name == "time":
            lines[first] = "get_ipython().start_timer()"
        elif name in _RUN_AS_IT_IS:
            lines[first] = ""
        else:
            body = "\n".join(lines[first + 1 :])
            call = f"get_ipython().run_cell_magic({name!r}, {rest.strip()!r}, {body!r})"
            return "\n".join([*lines[:first], call])
    return "\n".join(_lines_to_python(lines))


def _lines_to_python(lines: list[str]) -> list[str]:
    state = _State()
    done: list[str] = []
    while len(done) < len(lines):
        line = lines[len(done)]
        code = line.lstrip()
        if not state.between_statements:
            state.read(line)
            done.append(line)
        elif _HELP.match(code):
            done.append("")
        elif match := _MAGIC.match(code):
            whole, used = match["rest"], 1
            while whole.endswith("\\") and len(done) + used < len(lines):
                whole = f"{whole[:-1]} {lines[len(done) + used].strip()}"
                used += 1
            indent = line[: len(line) - len(code)]
            done.append(indent + (match["assigned"] or "") + _call(match, whole.strip()))
            done += [""] * (used - 1)
        else:
            state.read(line)
            done.append(line)
    return done


def _call(match: re.Match[str], text: str) -> str:
    if not match["magic"]:
        listed = match["assigned"] or match["listed"] == "!!"
        return f"get_ipython().{'getoutput' if listed else 'system'}({text!r})"
    name, _, rest = text.partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {rest.strip()!r})"


class _State:
    """Whether a line that follows begins a statement, or lies inside a string or brackets."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._continued = False

    @property
    def between_statements(self) -> bool:
        return not (self._depth or self._quote or self._continued)

    def read(self, line: str) -> None:
        position, comment = 0, False
        while position < len(line) and not comment:
            if self._quote:
                closed = _CLOSES[self._quote].search(line, position)
                if closed is None:
                    break
                position = closed.end()
                if not closed[0].startswith("\\"):
                    self._quote = ""
                continue
            opened = _OPENS.search(line, position)
            if opened is None:
                break
            position = opened.end()
            comment = bool(opened["comment"])
            self._quote = opened["quote"] or ""
            if opened["bracket"]:
                self._depth = max(0, self._depth + (1 if opened["bracket"] in "([{" else -1))
        self._continued = line.endswith("\\") and not comment
        if len(self._quote) == 1 and not self._continued:
            self._quote = ""  # never closed: the compiler will say so


class Shell:
    """What `get_ipython()` gives: the calls that notebooks, and scripts made from them, contain."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.user_ns = namespace
        self._noted: set[str] = set()
        self._started: float | None = None

    def run_line_magic(self, name: str, line: str, *_ignored: object) -> object:
        if name == "time" and line:
            return self._timed(line)
        if name in {"pip", "conda", "mamba", "uv"}:
            self._note(f"%{name}", _PACKAGES)
        elif name not in _NEEDLESS:
            self._note(f"%{name}", "this is not supported here, and the line was left out")
        return None

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in {"writefile", "file"}:
            self._write(line, cell)
        elif name in _SHELLS:
            self.system(cell)
        else:
            self._note(f"%%{name}", "this is not supported here, and the cell was left out")

    def system(self, command: str) -> None:
        """Runs it with the shell; what it prints is printed."""
        if self._may_run(command):
            import subprocess  # noqa: PLC0415

            sys.stdout.flush()
            subprocess.run(self._filled(command), shell=True, check=False)  # noqa: S602 - what `!` means

    def getoutput(self, command: str) -> list[str]:
        """The lines that it prints."""
        if not self._may_run(command):
            return []
        import subprocess  # noqa: PLC0415

        done = subprocess.run(self._filled(command), shell=True, check=False, capture_output=True, text=True)  # noqa: S602
        return (done.stdout + done.stderr).splitlines()

    def magic(self, text: str) -> object:
        name, _, rest = text.lstrip("%").partition(" ")
        return self.run_line_magic(name, rest.strip())

    def start_timer(self) -> None:
        import time  # noqa: PLC0415

        self._started = time.perf_counter()

    def stop_timer(self) -> None:
        import time  # noqa: PLC0415

        if self._started is not None:
            print(f"Wall time: {_duration(time.perf_counter() - self._started)}")
            self._started = None

    def _timed(self, line: str) -> object:
        self.start_timer()
        try:
            code = compile(line, "<string>", "eval", dont_inherit=True)
        except SyntaxError:
            code = compile(line, "<string>", "exec", dont_inherit=True)
        value = eval(code, self.user_ns)  # noqa: S307
        self.stop_timer()
        return value

    def _write(self, line: str, text: str) -> None:
        words = line.split()
        append = "-a" in words or "--append" in words
        names = [word for word in words if not word.startswith("-")]
        name = " ".join(names).strip("\"'")
        with open(name, "a" if append else "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text if text.endswith("\n") else text + "\n")
        print(f"{'Appending to' if append else 'Writing'} {name}")

    def _may_run(self, command: str) -> bool:
        if _INSTALLERS.match(command.strip()):
            self._note(f"!{command.split(maxsplit=1)[0]}", _PACKAGES)
            return False
        return True

    def _filled(self, command: str) -> str:
        """With `{name}` replaced, as IPython does it; other braces are the shell's."""
        try:
            return command.format_map(self.user_ns)
        except Exception:
            return command

    def _note(self, what: str, words: str) -> None:
        if what not in self._noted:
            self._noted.add(what)
            print(f"{what}: {words}.", file=sys.stderr)


_shell: list[Shell] = []


def shell() -> Shell:
    """The one of this run."""
    if not _shell:
        _shell.append(Shell(sys.modules["__main__"].__dict__))
    return _shell[0]


def end_cell() -> None:
    if _shell:
        _shell[0].stop_timer()


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
