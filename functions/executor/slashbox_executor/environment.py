"""What stays between the runs of one execution environment: who runs, where, and the packages at hand."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .boot import interpreter_folders
from .first_use import FirstUse
from .identity import Identity, choose_identity
from .kernel import SHARED_MEMORY, Confinement, Kernel, hide_self, library_folders
from .manifest import read_manifest
from .packages import PackageStore
from .settings import Settings
from .transfer import BundleStore
from .view import View
from .warm.parents import WarmParents
from .wipe import strays, wipe
from .workspace import Workspace

_PREFIX = "slashbox-"
# In a Lambda's own machine: one known place, wiped by whoever starts next.
_LAMBDA_FOLDER = Path("/tmp/slashbox")  # noqa: S108
# Warm parents are made of it.
_OUR_CODE = Path(__file__).resolve().parents[1]

Log = Callable[[str], None]


class ExecutionEnvironment:
    """
    One user's, as Lambda's tenant isolation gives it: runs follow each other here, never beside each other.

    :ivar library_path: where the interpreter's own shared libraries are, if it has to be told
    """

    def __init__(
        self, settings: Settings, log: Log, library_path: str | None = None, *, eager: bool = True
    ) -> None:
        """
        :param eager: many runs will follow: load beside the first one what later ones may need
        :raises ManifestError: if the layer's manifest cannot be read
        :raises ViewError: if runs could not read the interpreter
        :raises KernelError: under the profile `strict`, if this kernel lacks a part of the kernel layer
        """
        self.settings = settings
        self.log = log
        self.library_path = library_path
        self.identity: Identity = choose_identity(settings)
        self._eager = eager
        self._manifest = read_manifest(settings.layer_root / "slashbox" / "manifest.json")
        self._kernel = Kernel(settings.profile, log)
        if not self.identity.dedicated:
            hide_self()
        # What every run may read: the interpreter and its libraries, the layer.
        self._common = (*interpreter_folders(), *library_folders(library_path), *self._layer_paths())
        self._harmed = False
        self._start()

    def workspace(self) -> Workspace:
        return Workspace(self._folder, self.identity)

    @property
    def packages(self) -> PackageStore:
        return self._packages

    @property
    def view(self) -> View:
        return self._view

    @property
    def parents(self) -> WarmParents | None:
        """None where a fork without exec is not safe (macOS)."""
        return self._parents

    def confinement(self, workspace: Workspace) -> Confinement:
        """What the kernel holds a run in this workspace to."""
        readable = [*self._common, *self._packages.paths, workspace.boot, workspace.code]
        return self._kernel.confine(readable=readable, writable=workspace.writable)

    def writable_strays(self) -> list[Path]:
        """Where else a run may have written: known only if files can be told by their owner."""
        if not self.identity.exclusive:
            return []
        # Landlock opens one of the shared folders to runs and keeps the others closed.
        folders = [SHARED_MEMORY] if self._kernel.abilities.landlock_version else None
        return strays(self.identity.uid, [self._folder], folders)

    def give_font_cache(self, workspace: Workspace) -> None:
        """matplotlib builds a list of fonts for half a second unless it finds one; the layer carries it."""
        if self._font_cache.is_dir():
            target = workspace.home / "matplotlib"
            target.mkdir()
            for file in self._font_cache.iterdir():
                workspace.give(Path(shutil.copyfile(file, target / file.name)))
            workspace.give(target, 0o700)

    @property
    def _font_cache(self) -> Path:
        return self.settings.layer_root / "slashbox" / "matplotlib"

    def mark_harmed(self) -> None:
        """Something is not as it should be: start afresh before the next run."""
        self._harmed = True

    def tidy(self) -> None:
        """After each run. What a run may have changed is removed or marked; the next one starts clean."""
        for path in self.writable_strays():
            if not wipe(path):
                self.mark_harmed()
        self._packages.end_run(trusted=self.identity.dedicated)
        if self._parents is not None and not self._harmed:
            self._parents.renew()
        if self._harmed:
            self.log("Starting afresh: the last run left something behind")
            self.close()
            self._harmed = False
            self._start()

    def close(self) -> None:
        """Removes all that lies on disk."""
        if self._parents is not None:
            self._parents.close()
        self._view.close()
        wipe(self._folder)

    def _start(self) -> None:
        self._folder = self._make_folder()
        if self.identity.exclusive:
            for path in strays(self.identity.uid, [self._folder]):
                wipe(path)
        packages = self._folder / "packages"
        packages.mkdir(mode=0o755)
        packages.chmod(0o755)
        url, first_use = self.settings.packages_url, self.settings.first_use_url
        self._packages = PackageStore(
            self._manifest,
            self._layer_paths(),
            packages,
            BundleStore(url) if url else None,
            self.log,
            first_use=FirstUse(first_use) if first_use else None,
        )
        paths = [*interpreter_folders(), self.settings.layer_root, self._folder, _OUR_CODE]
        self._view = View(paths if self.identity.dedicated else ())
        self._parents = self._make_parents() if sys.platform == "linux" else None

    def _make_parents(self) -> WarmParents:
        folder = self._folder / "parents"
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        return WarmParents(
            identity=self.identity,
            view=self._view,
            landlock=self._kernel.abilities.landlock_version,
            seccomp=self._kernel.abilities.seccomp,
            readable=self._common,
            layer_paths=self._layer_paths(),
            folder=folder,
            font_cache=self._font_cache,
            library_path=self.library_path,
            manifest=self._manifest,
            eager=self._eager,
            log=self.log,
        )

    def _make_folder(self) -> Path:
        if self.identity.alone:
            wipe(_LAMBDA_FOLDER)
            folder = _LAMBDA_FOLDER
            folder.mkdir(mode=0o700)
        else:
            _remove_abandoned()
            folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
        folder.chmod(0o711 if self.identity.dedicated else 0o700)
        return folder

    def _layer_paths(self) -> tuple[Path, ...]:
        """Of the two layouts that Lambda knows for a Python layer, the first that is there."""
        root = self.settings.layer_root / "python"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        candidates = (root / "lib" / version / "site-packages", root)
        return tuple(path.resolve() for path in candidates if path.is_dir())[:1]


def _remove_abandoned() -> None:
    """Folders of executors that were killed: their process id, in the name, is no longer in use."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}[0-9]*-*"):
        pid = path.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError, ValueError):
            if path.stat().st_uid == os.geteuid() and not _is_running(int(pid)):
                wipe(path)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
