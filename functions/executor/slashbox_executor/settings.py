"""What the function's environment variables say, and their removal from where user code could read them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .environment_block import blank_block

Profile = Literal["lambda", "local", "strict"]

_PROFILES: tuple[Profile, ...] = ("lambda", "local", "strict")
_SECRET_PREFIXES = ("AWS_", "_AWS_", "LAMBDA_", "SLASHBOX_", "_X_AMZN", "_HANDLER", "_LAMBDA")


class SettingsError(ValueError):
    """A variable of the function's configuration that cannot be used; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    :ivar packages_url: bundles lie at `{packages_url}/{key}`; http(s) or file; None: there are none
    :ivar first_use_url: who builds what the environment lacks when it is first needed; None: nobody
    :ivar layer_root: where Lambda unpacks layers
    :ivar profile: `lambda` may rely on what AWS gives (a machine of our own); `local` uses what this kernel
        gives and says what is missing; `strict` runs nothing unless the kernel gives everything
    :ivar run_uid: the user id that code runs under where we may choose one (started as root); None: choose
    """

    packages_url: str | None = None
    first_use_url: str | None = None
    layer_root: Path = Path("/opt")
    profile: Profile = "lambda"
    run_uid: int | None = None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """:raises SettingsError: naming the variable and what it may be"""
    wanted = environment.get("SLASHBOX_PROFILE") or "lambda"
    profile = next((known for known in _PROFILES if known == wanted), None)
    if profile is None:
        raise SettingsError(f"SLASHBOX_PROFILE is {wanted!r}; it can be 'lambda', 'local' or 'strict'")
    uid = environment.get("SLASHBOX_RUN_UID", "")
    if uid and not (uid.isascii() and uid.isdigit() and 0 < int(uid) < 2**32 - 1):
        raise SettingsError(f"SLASHBOX_RUN_UID is {uid!r}; it must be a user id above 0")
    return Settings(
        packages_url=(environment.get("SLASHBOX_PACKAGES_URL") or "").rstrip("/") or None,
        first_use_url=(environment.get("SLASHBOX_FIRST_USE_URL") or "").rstrip("/") or None,
        layer_root=Path(environment.get("SLASHBOX_LAYER_ROOT") or "/opt"),
        profile=profile,
        run_uid=int(uid) if uid else None,
    )


def forget_environment(environment: MutableMapping[str, str]) -> None:
    """Removes credentials, addresses and settings from `environment` and blanks the copy in /proc.

    Removing alone is not enough: /proc/PID/environ shows the block as it was when the process started,
    whatever was unset since, to every process of the same user. A Lambda function may not use prctl, so the
    block is overwritten in place. What stays is set again, because C code (OpenSSL) reads it from the block.
    """
    for name in list(environment):
        if name.startswith(_SECRET_PREFIXES):
            del environment[name]
    kept = dict(environment)
    if blank_block():
        environment.update(kept)
