"""Puts finished bundles together as a Lambda layer, with matplotlib's font list where it can be made."""

import json
import shutil
from collections.abc import Mapping, Sequence

from layers.approved.archive import extract_compressed
from layers.approved.bundle import Workshop
from layers.approved.errors import BuildError
from layers.approved.font_cache import build_font_cache
from layers.approved.lockfile import LockedDistribution
from layers.approved.store import BuiltBundle, Store, write_whole


def is_assembled(members: Sequence[LockedDistribution], store: Store) -> bool:
    """Whether the store's layer is made of just these releases."""
    if not (store.layer.is_dir() and store.layer_members.is_file()):
        return False
    return store.layer_members.read_text(encoding="utf-8") == _describe(members)


def assemble_layer(
    members: Sequence[LockedDistribution], built: Mapping[str, BuiltBundle], workshop: Workshop
) -> None:
    """Makes the store's layer anew from the members' bundles; the manifest is not in it yet.

    Raises BuildError where two members bring the same file.
    """
    store, target = workshop.store, workshop.target
    store.layer_members.unlink(missing_ok=True)
    if store.layer.exists():
        shutil.rmtree(store.layer)
    fresh = store.work / "layer"
    shutil.rmtree(fresh, ignore_errors=True)
    site_packages = fresh / target.site_packages
    site_packages.mkdir(parents=True)
    for member in members:
        try:
            extract_compressed(store.path_of(built[member.name]), site_packages)
        except FileExistsError as error:
            raise BuildError(
                f"{member.name} brings a file that another package of the layer has too: {error.filename}"
            ) from error
    (fresh / "slashbox").mkdir()
    draws = any(member.name == "matplotlib" for member in members)
    if draws and workshop.interpreter is not None and target.runs_here():
        build_font_cache(
            site_packages, fresh / "slashbox" / "matplotlib", workshop.interpreter, workshop.processes
        )
    fresh.rename(store.layer)
    write_whole(store.layer_members, _describe(members))


def _describe(members: Sequence[LockedDistribution]) -> str:
    return json.dumps([f"{member.name}=={member.version}" for member in members])
