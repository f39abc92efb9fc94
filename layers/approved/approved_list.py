"""Reads `packages.toml`, the list that the operator edits, and refuses whatever it does not understand."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from layers.approved.errors import BuildError
from layers.approved.target import ARCHITECTURES, PYTHONS, Target

_PACKAGE_KEYS = {"name", "why", "core", "small", "version", "on"}
_VARIANT_KEYS = {"install", "version", "absent", "reason"}
_VARIANT_NAMES = {
    *ARCHITECTURES,
    *PYTHONS,
    *(f"{python}-{architecture}" for python in PYTHONS for architecture in ARCHITECTURES),
}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONSTRAINT = re.compile(
    r"(==|!=|~=|<=|>=|<|>)\s*[0-9][0-9A-Za-z.*+!]*(\s*,\s*(==|!=|~=|<=|>=|<|>)\s*[0-9][^,\s]*)*"
)


@dataclass(frozen=True)
class Variant:
    """What differs on some targets: another distribution, another version, or nothing at all."""

    reason: str
    install: str | None = None
    version: str | None = None
    absent: bool = False


@dataclass(frozen=True)
class ApprovedPackage:
    """One entry of the list; `on` is keyed by architecture, Python version, or both (`3.13-x86_64`)."""

    name: str
    why: str
    core: bool = False
    small: bool = False
    version: str | None = None
    on: Mapping[str, Variant] = field(default_factory=dict)

    def variant(self, target: Target) -> Variant | None:
        """The most specific entry that fits the target."""
        names = (f"{target.python}-{target.architecture}", target.python, target.architecture)
        return next((self.on[name] for name in names if name in self.on), None)


@dataclass(frozen=True)
class ApprovedList:
    """The packages in their order of use, and words for imports that are not approved.

    `not_imported`: import names that the canary of a new environment leaves alone → why.
    """

    packages: tuple[ApprovedPackage, ...]
    hints: Mapping[str, str]
    not_imported: Mapping[str, str] = field(default_factory=dict)

    def distributions(self, target: Target) -> dict[str, str]:
        """Approved name → the distribution that stands for it on the target, in the order of use."""
        chosen: dict[str, str] = {}
        for package in self.packages:
            variant = package.variant(target)
            if variant is None or not variant.absent:
                chosen[package.name] = (variant.install if variant else None) or package.name
        return chosen

    def requirements(self, target: Target) -> list[str]:
        """What a resolver is asked for on the target: one requirement per present package."""
        present = self.distributions(target)
        lines = []
        for package in self.packages:
            if package.name in present:
                variant = package.variant(target)
                constraint = (variant.version if variant else None) or package.version or ""
                lines.append(present[package.name] + constraint)
        return lines

    def absent(self, target: Target) -> dict[str, str]:
        """Approved name → why the target has to do without it."""
        variants = ((package.name, package.variant(target)) for package in self.packages)
        return {name: variant.reason for name, variant in variants if variant is not None and variant.absent}


def read_approved_list(path: Path) -> ApprovedList:
    """Raises BuildError with the entry's name where something is not as the file's own comments say."""
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError as error:
        raise BuildError(f"The list of approved packages is missing: {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildError(f"{path.name} is not valid TOML: {error}") from error
    _refuse_unknown(document, {"package", "hints", "not_imported"}, path.name)
    entries = document.get("package", [])
    if not isinstance(entries, list) or not entries:
        raise BuildError(f"{path.name} has no [[package]] entries")
    packages = tuple(_parse_package(entry, number) for number, entry in enumerate(entries, 1))
    names = [package.name for package in packages]
    for name in names:
        if names.count(name) > 1:
            raise BuildError(f"{path.name} lists {name} twice: remove one of the two entries")
    return ApprovedList(packages, _sentences(document, "hints"), _sentences(document, "not_imported"))


def _sentences(document: Mapping[str, object], key: str) -> dict[str, str]:
    table = _table(document.get(key, {}), f"[{key}]")
    return {name: _text(table, name, f"[{key}]") for name in table}


def _parse_package(entry: object, number: int) -> ApprovedPackage:
    table = _table(entry, f"package {number}")
    name = _text(table, "name", f"package {number}")
    if not _NAME.fullmatch(name):
        raise BuildError(
            f"The package name {name!r} is not in its normal form: lower case, with - instead of _ and ."
        )
    _refuse_unknown(table, _PACKAGE_KEYS, name)
    variants = _table(table.get("on", {}), f"{name}: on")
    _refuse_unknown(variants, _VARIANT_NAMES, f"{name}: on")
    return ApprovedPackage(
        name=name,
        why=_text(table, "why", name),
        core=_flag(table, "core", name),
        small=_flag(table, "small", name),
        version=_constraint(table, name),
        on={key: _parse_variant(value, f"{name}: on.{key}") for key, value in variants.items()},
    )


def _parse_variant(entry: object, where: str) -> Variant:
    table = _table(entry, where)
    _refuse_unknown(table, _VARIANT_KEYS, where)
    install = _text(table, "install", where) if "install" in table else None
    if install is not None and not _NAME.fullmatch(install):
        raise BuildError(f"{where}: install has to be a distribution's normal name, not {install!r}")
    return Variant(
        reason=_text(table, "reason", where),
        install=install,
        version=_constraint(table, where),
        absent=_flag(table, "absent", where),
    )


def _refuse_unknown(table: Mapping[str, object], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise BuildError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(known))}")


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BuildError(f"{where} has to be a table")
    return value


def _text(table: Mapping[str, object], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise BuildError(f"{where}: {key} has to be one line of text")
    return value


def _flag(table: Mapping[str, object], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise BuildError(f"{where}: {key} has to be true or false")
    return value


def _constraint(table: Mapping[str, object], where: str) -> str | None:
    if "version" not in table:
        return None
    value = _text(table, "version", where)
    if not _CONSTRAINT.fullmatch(value):
        raise BuildError(f'{where}: version has to be a constraint such as "<2.11", not {value!r}')
    return value
