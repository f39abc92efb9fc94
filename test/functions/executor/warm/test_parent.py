"""A parent that says what cannot be is not believed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slashbox_executor.boot import parent_environment
from slashbox_executor.warm.condition import condition_of, is_child
from slashbox_executor.warm.messages import ParentSetup
from slashbox_executor.warm.parent import WarmError, WarmParent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm parents")


@pytest.fixture
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmParent]:
    setup = ParentSetup(kind="light", paths=[], ids=None, landlock=0, seccomp=False, readable=[])
    made = WarmParent(setup, parent_environment(tmp_path_factory.mktemp("home"), None), None)
    assert made.wait_ready(30)
    yield made
    made.close()


def test_has_what_short_programs_use(parent: WarmParent) -> None:
    assert parent.modules >= {"json", "random", "re", "datetime", "collections", "math", "statistics"}
    assert "slashbox_executor" not in parent.modules


@given(
    message=st.one_of(
        st.none(),
        st.integers(),
        st.text(),
        st.lists(st.integers()),
        st.dictionaries(
            st.sampled_from(["ready", "missed", "threads", "spare", "ended", "status", "x"]), st.integers()
        ),
        st.just({"spare": 1}),
        st.just({"ended": os.getpid(), "status": 0}),
        st.just({"ready": [], "missed": [], "threads": 1}),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_message_that_cannot_be_is_an_error_and_changes_nothing(parent: WarmParent, message: object) -> None:
    before = (parent.modules, parent.processes)
    with pytest.raises(WarmError):
        parent._take(message)
    assert (parent.modules, parent.processes) == before


def test_child_must_be_the_parents_own(parent: WarmParent) -> None:
    """Or a parent could have us signal any process there is."""
    parent.order()
    with pytest.raises(WarmError):
        parent._take({"spare": os.getppid()})
    parent.settle()
    assert len(parent.processes) == 2
    assert all(is_child(pid, parent.pid) for pid in parent.processes[1:])


def test_condition_tells_one_process_from_itself_only_when_it_changed(parent: WarmParent) -> None:
    before = condition_of(parent.pid)
    assert before is not None
    assert condition_of(parent.pid) == before
    os.setpriority(os.PRIO_PROCESS, parent.pid, 5)
    assert condition_of(parent.pid) != before
    assert parent.is_harmed()


def test_condition_of_nobody_is_none() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert condition_of(child) is None
    os.waitpid(child, 0)
    assert condition_of(child) is None
    assert not is_child(child, os.getpid())
