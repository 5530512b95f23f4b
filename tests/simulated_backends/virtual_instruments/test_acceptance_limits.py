"""The acceptance benchmark: a driver that reads for ever is ended, whatever it catches."""

import signal
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.acceptance import limits
from benchmarks.acceptance.limits import TooLong, limited

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the timer needs POSIX")


def empty_read(read: Any) -> bytes:
    """Read one byte as pyvisa does, by a session that has none."""
    pyvisa = pytest.importorskip("pyvisa")
    resource = SimpleNamespace(
        chunk_size=20, _resource_name="nobody", session=1, ignore_warning=lambda *codes: nullcontext(),
        visalib=SimpleNamespace(read=read))
    return bytes(pyvisa.resources.MessageBasedResource.read_bytes(resource, 1))


def no_byte(session: int, count: int) -> tuple[bytes, int]:
    """Return no byte, as pyvisa-py does behind the end of a HiSLIP message; catch what it catches, and more."""
    try:
        return b"".join(b"" for _ in range(20)), 0
    except Exception:   # noqa: BLE001 - pyvisa-py catches TimeoutError: it must not be able to catch the end of the case
        return b"caught", 0


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_TICK", 0.02)
    monkeypatch.setattr(limits, "LONGEST_READ", 0.1)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("_time", range(3))
def test_a_read_that_loops_for_ever_is_ended_and_told_with_its_callers(_time: int) -> None:
    with pytest.raises(TooLong, match=r"^a read by .*empty_read > read_bytes loops without an end$"), limited(True):
        empty_read(no_byte)


@pytest.mark.usefixtures("short")
def test_many_short_reads_are_no_loop_and_no_limit_of_one_holds_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    with limited(True):
        begin = limits.time.thread_time()
        while limits.time.thread_time() - begin < 0.4:   # four times what one read may use
            empty_read(lambda session, count: (b"x", 0))
            reads += 1
    assert reads > 100


@pytest.mark.usefixtures("short")
def test_in_process_the_time_of_a_read_is_that_of_the_simulation_and_only_the_whole_case_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LONGEST_CASE", 0.5)
    with pytest.raises(TooLong, match=r"^did not end within 0\.5 s, in .*read_bytes"), limited(False):
        empty_read(no_byte)
