"""The renewal's first half: resolve, compare, build. What is in force is never touched.

Whatever the moment at which an invocation ends, the next one goes on from what is in the bucket.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from functions.rebuild.age import report_age
from functions.rebuild.bucket import (
    STATUS_KEY,
    ConflictError,
    EnvironmentBucket,
    checked_key,
    lock_key,
    manifest_key,
    progress_key,
)
from functions.rebuild.builder import EnvironmentBuilder, OutOfTimeError, Tools
from functions.rebuild.orders import Order
from functions.rebuild.pointer import Pointer, PointerStore
from functions.rebuild.progress import Progress, parse_progress
from functions.rebuild.renewal import Renewal, renew_lock
from layers.approved.errors import BuildError
from layers.approved.lockfile import Lock, parse_lock
from layers.approved.recipe import Recipe
from layers.approved.wheel_index import WheelIndex

# Lambda itself ends a function that invokes itself after about 16 times.
MOST_CONTINUATIONS = 8

State = Literal["resolving", "building", "built", "finished", "unchanged", "failed"]


@dataclass(frozen=True)
class Rebuild:
    """`recipe` is that of the committed lock and index: target, list and interpreter are kept from it.

    `function`: our own name.
    """

    function: str
    recipe: Recipe
    pointer: PointerStore
    tools: Tools
    go_on: Callable[[Order], object]


def rebuild(order: Order, ports: Rebuild) -> dict[str, object]:
    """What came of it: `outcome` and `environment`.

    Raises BuildError, after saying so in the status; the environment in force stays as it is.
    """
    if order.age_only:
        pointer = ports.pointer.read()
        named = pointer.environment or pointer.layer
        age = report_age(named, _current(pointer, ports), ports.tools.now(), ports.function, print)
        return {"outcome": "reported", "environment": pointer.environment, "age_days": round(age, 3)}
    return _Invocation(order, ports).run()


def _current(pointer: Pointer, ports: Rebuild) -> datetime:
    """When the environment was known to be the newest."""
    checked = ports.tools.bucket.read(checked_key(pointer.environment)) if pointer.environment else None
    return max(pointer.promoted, checked.written) if checked else pointer.promoted


class _Invocation:
    def __init__(self, order: Order, ports: Rebuild) -> None:
        self._order = order
        self._ports = ports
        self._bucket: EnvironmentBucket = ports.tools.bucket
        self._environment = order.environment

    def run(self) -> dict[str, object]:
        try:
            return self._resume() if self._order.environment else self._begin()
        except OutOfTimeError:
            return self._hand_over()
        except ConflictError:
            self._ports.tools.say("[Rebuild] Another rebuild is at work: it goes on, this one ends")
            return self._outcome("yielded")
        except BuildError as error:
            self._ports.tools.say(f"[Rebuild] Failed, the environment in force stays: {error}")
            self._tell("failed", str(error))
            raise
        except Exception:
            self._tell("failed", "the rebuild itself failed; its log says why")
            raise

    def _begin(self) -> dict[str, object]:
        self._tell("resolving", "resolving the approved list")
        pointer = self._ports.pointer.read()
        previous = self._read_progress(pointer.environment)
        recipe = self._plan(pointer, previous)
        self._environment = recipe.id
        if recipe.id == pointer.environment:
            self._bucket.write(checked_key(recipe.id), self._ports.tools.now().isoformat())
            return self._end("unchanged", "nothing is newer than the environment in force")
        if self._bucket.read(manifest_key(recipe.id)):
            return self._end("finished", "it was built before, and is not in force")
        # Before the progress: what goes on from that needs the lock.
        self._bucket.write(lock_key(recipe.id), recipe.lock.text)
        return self._build(recipe, previous, pointer.environment)

    def _plan(self, pointer: Pointer, previous: Progress | None) -> Recipe:
        base, order = self._ports.recipe, self._order
        renewal = Renewal(base.approved, base.target, self._ports.tools.source, order.accepted)
        lock = renew_lock(renewal, self._lock_in_force(pointer))
        return self._recipe(lock, previous, self._content())

    def _lock_in_force(self, pointer: Pointer) -> Lock:
        """A stage's first environment was made from the committed lock."""
        stored = self._bucket.read(lock_key(pointer.environment)) if pointer.environment else None
        return parse_lock(stored.text) if stored else self._ports.recipe.lock

    def _content(self) -> tuple[str, ...]:
        approved, target = self._ports.recipe.approved, self._ports.recipe.target
        chosen = approved.distributions(target)
        order = self._order
        for name in order.only:
            if name not in chosen:
                raise BuildError(approved.absent(target).get(name, f"{name} is not on the approved list"))
        core = (package.name for package in approved.packages if package.core)
        names = {*order.only, *core} if order.only else set(chosen)
        return tuple(sorted(chosen[name] for name in names & chosen.keys()))

    def _recipe(self, lock: Lock, previous: Progress | None, content: tuple[str, ...]) -> Recipe:
        index: WheelIndex = {**self._ports.recipe.index, **(previous.facts if previous else {})}
        whole = set(content) == set(self._ports.recipe.order)
        layer: Literal["full", "core"] = "full" if whole else "core"
        return replace(self._ports.recipe, lock=lock, index=index, layer=layer, content=content)

    def _resume(self) -> dict[str, object]:
        environment = str(self._order.environment)
        stored = self._bucket.read(progress_key(environment))
        lock = self._bucket.read(lock_key(environment))
        if not stored or not lock:
            raise BuildError(f"There is nothing to go on with in the environment {environment}: rebuild")
        progress = parse_progress(stored.text, progress_key(environment))
        previous = self._read_progress(progress.previous)
        recipe = self._recipe(parse_lock(lock.text), previous, progress.content)
        if recipe.id != environment:
            raise BuildError("Slashbox was deployed anew while the environment was built: rebuild")
        return self._build(recipe, previous, progress.previous)

    def _build(self, recipe: Recipe, previous: Progress | None, previous_id: str | None) -> dict[str, object]:
        stored = self._bucket.read(progress_key(recipe.id))
        progress = (
            parse_progress(stored.text, progress_key(recipe.id))
            if stored
            else Progress(recipe.content or (), previous_id)
        )
        self._tell("building", f"packages finished so far: {len(progress.finished)}")
        tools = replace(self._ports.tools, tell=self._tell_count)
        EnvironmentBuilder(recipe, progress, stored.tag if stored else None, previous, tools).run()
        return self._end("built", "every package, the layer and the manifest are in the bucket")

    def _read_progress(self, environment: str | None) -> Progress | None:
        """None where the environment was not built this way, as a stage's first one is not."""
        stored = self._bucket.read(progress_key(environment)) if environment else None
        return parse_progress(stored.text, progress_key(str(environment))) if stored else None

    def _hand_over(self) -> dict[str, object]:
        number = self._order.continuation + 1
        if number > MOST_CONTINUATIONS:
            error = BuildError(
                f"The environment is not finished after {number} invocations: rebuild to go on"
            )
            self._tell("failed", str(error))
            raise error
        self._ports.tools.say(f"[Rebuild] Time is up: going on in invocation {number + 1}")
        self._ports.go_on(replace(self._order, environment=self._environment, continuation=number))
        return self._outcome("continued")

    def _end(self, state: State, message: str) -> dict[str, object]:
        self._ports.tools.say(f"[Rebuild] The environment {self._environment}: {message}")
        self._tell(state, message)
        return self._outcome(state)

    def _outcome(self, outcome: str) -> dict[str, object]:
        return {"outcome": outcome, "environment": self._environment}

    def _tell_count(self, done: int, of: int) -> None:
        self._tell("building", f"packages finished: {done} of {of}")

    def _tell(self, state: State, message: str) -> None:
        """For whoever asked and waits (scripts/rebuild.ts)."""
        status = {
            "request": self._order.request,
            "state": state,
            "environment": self._environment,
            "message": message,
            "at": self._ports.tools.now().isoformat(),
        }
        self._bucket.write(STATUS_KEY, json.dumps(status))
