"""A target is the machine that an environment is for: Python minor version, architecture and system."""

import platform
import sys
from dataclasses import dataclass

from layers.approved.errors import BuildError

PYTHONS = ("3.11", "3.12", "3.13")
ARCHITECTURES = ("x86_64", "aarch64")
SYSTEMS = ("linux", "macos")

# manylinux_2_28 is the newest that Lambda's Amazon Linux 2023 (glibc 2.34) and any current Debian can load.
_UV_PLATFORMS = {
    ("linux", "x86_64"): "x86_64-manylinux_2_28",
    ("linux", "aarch64"): "aarch64-manylinux_2_28",
    ("macos", "x86_64"): "x86_64-apple-darwin",
    ("macos", "aarch64"): "aarch64-apple-darwin",
}
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Target:
    """`python` is one of PYTHONS, `architecture` of ARCHITECTURES, `system` of SYSTEMS."""

    python: str
    architecture: str
    system: str = "linux"

    def __post_init__(self) -> None:
        if self.python not in PYTHONS:
            raise BuildError(
                f"There is no lock of the approved packages for Python {self.python}: "
                f"install Python {', '.join(PYTHONS[:-1])} or {PYTHONS[-1]} and start again with it"
            )
        if self.architecture not in ARCHITECTURES:
            known = " and ".join(ARCHITECTURES)
            raise BuildError(
                f"There is no lock of the approved packages for the architecture {self.architecture}: "
                f"only for {known}"
            )
        if self.system not in SYSTEMS:
            raise BuildError(f"The system has to be one of {', '.join(SYSTEMS)}, not {self.system}")

    @property
    def lock_name(self) -> str:
        """In `locks/`, without suffix. One lock serves both systems: its hashes cover all wheels."""
        return f"python{self.python}-{self.architecture}"

    @property
    def uv_platform(self) -> str:
        return _UV_PLATFORMS[(self.system, self.architecture)]

    @property
    def site_packages(self) -> str:
        """Where Lambda looks for a layer's packages, relative to the layer's root."""
        return f"python/lib/python{self.python}/site-packages"

    def runs_here(self) -> bool:
        """Whether this machine can execute what was built for the target (given the right Python)."""
        return (self.system, self.architecture) == (host_system(), host_architecture())


def host_architecture() -> str:
    machine = platform.machine().lower()
    return _MACHINES.get(machine, machine)


def host_system() -> str:
    return "macos" if sys.platform == "darwin" else "linux"
