"""A rebuild makes whole environments only, of what is new only, and goes on from wherever it was stopped."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import cast

import pytest
from rebuild_support import Crash, World, release_of

from functions.rebuild.app import MOST_CONTINUATIONS
from functions.rebuild.bucket import (
    COLLECTION_KEY,
    STATUS_KEY,
    checked_key,
    layer_key,
    manifest_key,
    progress_key,
)
from functions.rebuild.builder import STEP_SECONDS
from functions.rebuild.orders import Order
from layers.approved.errors import BuildError
from layers.approved.fetch import Source
from layers.approved.store import BUNDLES


def distributions(world: World, environment: object) -> dict[str, dict[str, object]]:
    return cast("dict[str, dict[str, object]]", world.manifest(environment)["distributions"])


def built(world: World) -> str:
    answer = world.run()
    assert answer["outcome"] == "built"
    return str(answer["environment"])


def test_everything_that_the_manifest_names_is_in_the_bucket_before_it(world: World) -> None:
    environment = built(world)
    assert [key for key in world.bucket.changed if key != STATUS_KEY][-1] == manifest_key(environment)
    assert world.manifest(environment)["environment"] == environment
    for entry in distributions(world, environment).values():
        assert entry["in_layer"] is True, "these fit Lambda's 250 MB many times"
    layer = zipfile.ZipFile(io.BytesIO(world.bucket.objects[layer_key(environment)].data))
    assert layer.read("slashbox/manifest.json") == world.bucket.objects[manifest_key(environment)].data
    assert not (world.folder / "work").exists(), "/tmp is left as it was found"


def test_bundles_have_the_checksums_of_their_manifest_entries(world: World) -> None:
    environment = world.run(Order(only=("birch",)))["environment"]
    entry = distributions(world, environment)["birch"]
    bundle = cast("dict[str, object]", entry["bundle"])
    assert world.bucket.sha256(str(bundle["key"])) == bundle["sha256"]
    assert distributions(world, environment)["elm"]["bundle"] is None, "not asked for"


def test_what_is_in_force_and_unchanged_is_not_built_again(world: World) -> None:
    environment = built(world)
    world.promote(environment)
    before = {key: value.data for key, value in world.bucket.objects.items() if key != STATUS_KEY}
    assert world.run() == {"outcome": "unchanged", "environment": environment}
    after = {key: value.data for key, value in world.bucket.objects.items() if key != STATUS_KEY}
    assert after.keys() - before.keys() == {checked_key(environment)}
    assert before.items() <= after.items()


def test_files_that_a_release_got_since_do_not_make_another_environment(world: World) -> None:
    environment = built(world)
    world.promote(environment)
    world.publish("amber", "1.0", tag="1")
    assert world.run() == {"outcome": "unchanged", "environment": environment}


def test_only_what_is_new_is_built_and_the_rest_is_named(world: World) -> None:
    previous = built(world)
    world.promote(previous)
    world.publish("birch", "1.1", requires=("cedar",))
    environment = built(world)
    assert world.bucket.uploaded == ["birch-1.1", "layer.zip"]
    for name in ("amber", "cedar", "elm"):
        assert world.key_of(environment, name) == world.key_of(previous, name)
    assert distributions(world, environment)["birch"]["version"] == "1.1"
    assert "[Rebuild] birch 1.1 is new: birch" in world.said


def test_of_what_is_unchanged_no_byte_moves_unless_the_layer_is_made_of_it(world: World) -> None:
    order = Order(only=("birch",))
    world.promote(str(world.run(order)["environment"]))
    world.publish("birch", "1.1", requires=("cedar",))
    world.run(order)
    assert world.bucket.uploaded == ["birch-1.1", "layer.zip"]
    moved = {*world.bucket.uploaded, *world.bucket.downloaded}
    assert "cedar-1.0" not in moved
    assert "cedar-1.0" in map(release_of, world.bucket.looked), "it was looked at"


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_bundle_that_is_no_longer_what_it_was_is_built_anew(world: World, harm: str) -> None:
    previous = built(world)
    world.promote(previous)
    key = world.key_of(previous, "cedar")
    if harm == "gone":
        del world.bucket.objects[key]
    else:
        world.bucket.objects[key].data += b"!"
    world.publish("birch", "1.1", requires=("cedar",))
    built(world)
    assert world.bucket.uploaded == ["birch-1.1", "cedar-1.0", "layer.zip"]
    assert key in world.bucket.objects, "the same content has the same key"


def test_an_environment_with_bundles_of_its_own_is_built_upon_without_them(world: World) -> None:
    previous = built(world)
    world.promote(previous)
    old = world.bucket.objects[progress_key(previous)]
    old.data = re.sub(rb"-[0-9a-f]{64}\.zip\.zst", b".zip", old.data)
    world.bucket.objects = {
        key: value for key, value in world.bucket.objects.items() if not key.startswith(BUNDLES)
    }
    world.publish("birch", "1.1", requires=("cedar",))
    environment = built(world)
    assert world.bucket.uploaded == ["amber-1.0", "birch-1.1", "cedar-1.0", "elm-1.0", "layer.zip"]
    assert world.key_of(environment, "elm") in world.bucket.objects


def test_bundles_that_do_not_stay_end_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.bucket, "has", lambda _key, _sha256: False)
    with pytest.raises(BuildError, match="The bundle of amber does not stay in the bucket"):
        world.run()


def test_a_dead_collection_is_not_waited_for_longer_than_its_mark_counts(world: World) -> None:
    world.bucket.write(COLLECTION_KEY, "somebody's")
    before = world.bucket.now
    built(world)
    assert 180 <= (world.bucket.now - before).total_seconds() <= 190


def test_an_environment_that_waits_or_was_refused_is_not_built_again(world: World) -> None:
    environment = built(world)
    assert world.run() == {"outcome": "finished", "environment": environment}
    assert world.bucket.uploaded == []


def test_one_that_is_out_of_time_goes_on_in_the_next_invocation(world: World) -> None:
    whole = built(world)
    expected = {key: value.data for key, value in world.bucket.objects.items() if whole in key}
    world.bucket.objects.clear()
    steps = 0

    def one_step() -> float:
        """Time for one distribution, or for the layer, each time."""
        nonlocal steps
        steps += 1
        return STEP_SECONDS if steps == 1 else 0

    outcomes = []
    order = Order(request="mine")
    while True:
        steps = 0
        outcomes.append(world.run(order, one_step)["outcome"])
        if not world.orders:
            break
        order = world.orders.pop()
    assert outcomes == ["continued"] * 4 + ["built"], "four distributions and the layer"
    assert (order.environment, order.continuation, order.request) == (whole, 4, "mine")
    found = {key: value.data for key, value in world.bucket.objects.items() if whole in key}
    assert found == expected


def test_it_does_not_go_on_for_ever(world: World) -> None:
    order = Order(environment=None, continuation=MOST_CONTINUATIONS)
    with pytest.raises(BuildError, match="is not finished after 9 invocations"):
        world.run(order, lambda: 0)
    assert world.orders == []
    assert world.bucket.json(STATUS_KEY)["state"] == "failed"


def test_a_crash_at_any_step_is_made_up_for_by_the_next_rebuild(world: World) -> None:
    order = Order(only=("amber",))
    environment = str(world.run(order)["environment"])
    steps = world.bucket.steps
    expected = {key: value.data for key, value in world.bucket.objects.items() if key != STATUS_KEY}
    assert steps == 13, "three statuses and a count, lock, progress five times, bundle, layer, manifest"
    for step in range(1, steps + 1):
        world.bucket.objects.clear()
        world.bucket.steps, world.bucket.crash_at = 0, step
        with pytest.raises(Crash):
            world.run(order)
        assert (manifest_key(environment) in world.bucket.objects) == (step == steps), "only when it is whole"
        world.bucket.crash_at = None
        world.run(order)
        assert {k: v.data for k, v in world.bucket.objects.items() if k != STATUS_KEY} == expected


def test_of_two_at_a_time_one_gives_way(world: World) -> None:
    environment = built(world)
    del world.bucket.objects[manifest_key(environment)]
    original = world.bucket.write_guarded

    def interfering(key: str, text: str, tag: str | None) -> str:
        world.bucket.objects[progress_key(environment)].tag = "somebody else's"
        return original(key, text, tag)

    world.bucket.write_guarded = interfering  # type: ignore[method-assign]
    assert world.run() == {"outcome": "yielded", "environment": environment}
    assert manifest_key(environment) not in world.bucket.objects


def test_a_release_that_went_back_stops_it_unless_it_is_accepted(world: World) -> None:
    world.publish("amber", "2.0")
    world.promote(built(world))
    world.withdraw("amber", "2.0")
    with pytest.raises(BuildError, match=r"amber goes back from 2\.0 to 1\.0"):
        world.run()
    status = world.bucket.json(STATUS_KEY)
    assert status["state"] == "failed"
    assert "amber goes back" in str(status["message"])
    assert world.run(Order(accepted=("amber",)))["outcome"] == "built"


def test_a_package_that_has_only_a_pre_release_left_stops_it(world: World) -> None:
    world.withdraw("elm", "1.0")
    world.publish("elm", "2.0rc1")
    with pytest.raises(BuildError):
        world.run()
    assert [key for key in world.bucket.objects if key.startswith(BUNDLES)] == []


def test_two_owners_of_an_import_name_stop_it_before_anything_is_built(world: World) -> None:
    world.publish("elm", "1.1", root="amber")
    with pytest.raises(BuildError, match="both amber and elm claim the import name 'amber'"):
        world.run()
    assert [key for key in world.bucket.objects if key.startswith(BUNDLES)] == []


def test_a_few_packages_can_be_asked_for(world: World) -> None:
    answer = world.run(Order(only=("elm",)))
    entries = distributions(world, answer["environment"])
    assert {name for name, entry in entries.items() if entry["in_layer"] or entry["bundle"]} == {
        "amber",
        "elm",
    }
    assert answer["environment"] != built(world), "another content is another environment"
    with pytest.raises(BuildError, match="requets is not on the approved list"):
        world.run(Order(only=("requets",)))


def test_a_deploy_in_between_starts_over(world: World) -> None:
    world.run(seconds_left=lambda: 0)
    world.recipe = replace(world.recipe, interpreter=None)
    with pytest.raises(BuildError, match="deployed anew while the environment was built"):
        world.run(world.orders.pop())


def test_there_has_to_be_something_to_go_on_with(world: World) -> None:
    with pytest.raises(BuildError, match="nothing to go on with"):
        world.run(Order(environment="0123456789abcdef", continuation=1))


def test_a_registry_that_cannot_be_reached_is_said_plainly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    world.source = Source(world.source.uv)
    with pytest.raises(BuildError, match="The package registry cannot be reached"):
        world.run()
    assert world.bucket.json(STATUS_KEY)["state"] == "failed"


def test_a_defect_of_ours_is_told_without_its_details(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(world.bucket, "upload", fail)
    with pytest.raises(ZeroDivisionError):
        world.run()
    status = world.bucket.json(STATUS_KEY)
    assert (status["state"], status["message"]) == ("failed", "the rebuild itself failed; its log says why")


def test_whoever_asked_finds_the_end_under_their_own_mark(world: World) -> None:
    world.run(Order(request="mine"))
    status = world.bucket.json(STATUS_KEY)
    assert (status["request"], status["state"]) == ("mine", "built")
