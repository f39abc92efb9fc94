"""How far an environment's build has come: what the next invocation, and next week's build, go on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from layers.approved.errors import BuildError
from layers.approved.store import BuiltBundle
from layers.approved.wheel_index import WheelFacts

_VERSION = 1


@dataclass(frozen=True)
class FinishedBundle:
    """A bundle that is in the bucket, or was; `recipe` is the `bundle_id` that it was made by."""

    recipe: str
    bundle: BuiltBundle


@dataclass
class Progress:
    """`content`: what was asked for; `facts`: of the wheels, by distribution and version; `previous`: the
    environment in force when the build began."""

    content: tuple[str, ...]
    previous: str | None = None
    facts: dict[tuple[str, str], WheelFacts] = field(default_factory=dict)
    finished: dict[str, FinishedBundle] = field(default_factory=dict)

    @property
    def built(self) -> Mapping[str, BuiltBundle]:
        return {name: done.bundle for name, done in self.finished.items()}


def format_progress(progress: Progress) -> str:
    return json.dumps(
        {
            "version": _VERSION,
            "content": progress.content,
            "previous": progress.previous,
            "facts": [[*key, asdict(facts)] for key, facts in sorted(progress.facts.items())],
            "finished": {name: asdict(done) for name, done in sorted(progress.finished.items())},
        }
    )


def parse_progress(text: str, source: str) -> Progress:
    """Raises BuildError naming `source` where the text is not what `format_progress` wrote."""
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise BuildError(f"{source} is of another version of Slashbox: delete it and rebuild")
        return Progress(
            content=tuple(document["content"]),
            previous=document["previous"],
            facts={
                (name, version): WheelFacts(tuple(facts["imports"]), int(facts["unpacked_bytes"]))
                for name, version, facts in document["facts"]
            },
            finished={name: _parse_bundle(item) for name, item in document["finished"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{source} is damaged: delete it and rebuild") from error


def _parse_bundle(item: Mapping[str, object]) -> FinishedBundle:
    bundle = item["bundle"]
    if not isinstance(bundle, dict):
        raise TypeError(bundle)
    return FinishedBundle(str(item["recipe"]), BuiltBundle(**{**bundle, "imports": tuple(bundle["imports"])}))
