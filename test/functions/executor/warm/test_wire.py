"""Messages arrive whole or not at all, and what is no message is refused without harm."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slashbox_executor.warm.wire import Channel, WireError, open_pair, receive, send

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm parents")

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@contextmanager
def _pair() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = open_pair()
    yield ours, theirs
    ours.close()
    theirs.close()


@given(message=_VALUES)
def test_message_arrives_as_it_was(message: object) -> None:
    with _pair() as (ours, theirs):
        send(ours, message)
        assert receive(theirs) == (message, [])


def test_descriptors_arrive_in_order_and_are_closed_by_exec() -> None:
    read, write = os.pipe()
    with _pair() as (ours, theirs):
        send(ours, "here", [read, write])
        received = receive(theirs)
    assert received is not None
    message, descriptors = received
    assert message == "here"
    assert [os.fstat(descriptor).st_ino for descriptor in descriptors] == [os.fstat(read).st_ino] * 2
    assert not any(os.get_inheritable(descriptor) for descriptor in descriptors)
    os.write(descriptors[1], b"x")
    assert os.read(descriptors[0], 1) == b"x"
    for descriptor in (read, write, *descriptors):
        os.close(descriptor)


@given(data=st.binary(min_size=1, max_size=200))
@settings(max_examples=200)
def test_whatever_arrives_is_a_message_or_an_error(data: bytes) -> None:
    with _pair() as (ours, theirs):
        ours.send(data)
        with suppress(WireError):
            received = receive(theirs)
            assert received is not None
            assert received[1] == []


def test_message_that_was_cut_is_refused() -> None:
    with _pair() as (ours, theirs):
        ours.send(b"1" + b" " * 150_000)
        with pytest.raises(WireError, match="cut"):
            receive(theirs)


def test_other_side_that_is_gone_is_told_to_both() -> None:
    with _pair() as (ours, theirs):
        theirs.close()
        assert receive(ours) is None
        with pytest.raises(WireError, match="cannot be reached"):
            send(ours, "anybody?")


def test_nothing_yet_is_not_an_end() -> None:
    with _pair() as (ours, _theirs):
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            receive(ours)
