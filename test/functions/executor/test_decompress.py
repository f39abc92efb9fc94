"""What was compressed comes out whole, in small parts, and nothing else comes out at all."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from slashbox_executor.decompress import decompressed
from slashbox_executor.transfer import TransferError
from slashbox_executor.unpack import BundleError

_BESIDE_FILES = 64 << 20


def parts_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.binary(max_size=20_000), st.integers(1, 5_000), st.integers(1, 50))
def test_what_was_compressed_comes_back_whatever_the_parts(data: bytes, size: int, times: int) -> None:
    frame = zstd.compress(data * times)
    pieces = list(decompressed(parts_of(frame, size), len(data) * times))
    assert b"".join(pieces) == data * times
    assert all(0 < len(piece) <= 1 << 18 for piece in pieces)


@given(st.binary(min_size=1, max_size=300), st.integers(1, 64))
def test_anything_else_is_damage(data: bytes, size: int) -> None:
    with pytest.raises(BundleError):
        list(decompressed(parts_of(data, size), 1_000))


@given(st.data())
def test_a_changed_frame_is_damage_or_other_content_but_never_more_than_may_be(choose: st.DataObject) -> None:
    frame = bytearray(zstd.compress(b"slashbox" * 500))
    at = choose.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= choose.draw(st.integers(1, 255))
    try:
        content = b"".join(decompressed([bytes(frame)], 4_000))
    except BundleError:
        return
    assert len(content) <= 4_000 + _BESIDE_FILES


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda frame: frame[:-1], id="too short"),
        pytest.param(lambda frame: frame + b"!", id="too long"),
        pytest.param(lambda frame: frame + frame, id="two frames"),
        pytest.param(lambda frame: b"", id="nothing"),
        pytest.param(lambda frame: b"PK\3\4" + frame, id="a zip"),
    ],
)
@pytest.mark.parametrize("size", [7, 100_000])
def test_one_whole_frame_and_nothing_more(spoil: object, size: int) -> None:
    frame = zstd.compress(bytes(range(256)) * 40)
    with pytest.raises(BundleError, match="damaged"):
        list(decompressed(parts_of(spoil(frame), size), 20_000))  # type: ignore[operator]


def test_a_bomb_is_put_out_in_small_parts() -> None:
    bomb = zstd.compress(b"\0" * (_BESIDE_FILES + 2_000_000))
    assert len(bomb) < 20_000
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match="more than its manifest says"):
            for part in decompressed([bomb], 1_000_000):
                assert len(part) <= 1 << 18
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_what_the_source_has_to_say_outranks_the_damage() -> None:
    def source() -> Iterator[bytes]:
        yield b"not a frame"
        yield b"more"
        raise TransferError("the store is gone")

    with pytest.raises(TransferError, match="the store is gone"):
        list(decompressed(source(), 10))
