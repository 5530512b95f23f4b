"""The acceptance benchmark: a driver that reads for ever is ended, whatever it catches; failures are planted."""

import signal
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

import benchmarks.acceptance.__main__ as acceptance
from benchmarks.acceptance import limits, planting, running
from benchmarks.acceptance.expected import Expected
from benchmarks.acceptance.limits import TooLong, limited
from benchmarks.acceptance.results import Outcome

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


@pytest.mark.usefixtures("short")
def test_what_closes_a_driver_after_the_end_of_its_case_has_as_much_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, each tick raised again, also while the bench was closed: the process ended before the other cases."""
    monkeypatch.setattr(limits, "LONGEST_CASE", 0.3)
    closed = []
    with pytest.raises(TooLong, match=r"^did not end within 0\.3 s"), limited(False):
        try:
            limits.time.sleep(5.0)
        finally:
            limits.time.sleep(0.15)   # several ticks
            closed.append("driver and bench")
    assert closed == ["driver and bench"]


def test_a_bench_that_does_not_close_is_a_failure_of_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome(driver: Any, twin: str, transport: str, name: str, folder: Any) -> Outcome:
        if name == "first":
            raise TooLong("did not end within 600 s, in close")
        return Outcome(name, True)

    monkeypatch.setattr(running, "_outcome", outcome)
    driver: Any = SimpleNamespace(cases={"first": None, "second": None}, row="row")
    first, second = running.check_driver(driver, "twin", "in process")
    assert (first.passed, first.shown) == (False, "bench: TooLong: did not end within 600 s, in close")
    assert second.passed


def entry(name: str, cases: tuple[str, ...], driver: str = "package.Class") -> Expected:
    return Expected(name, driver, cases, "package", "1", "f.py", 1, "source", "symptom", ("shows",), "manual", "page")


@pytest.mark.parametrize(("cases", "driver", "found"), [
    (("ramp_*", "beep"), "package.Class", "ramp_up"), (("beep",), "package.Class", "beep"),
    (("n*",), "package.Class", None), (("*",), "suite.Class", None)])
def test_a_failure_is_planted_into_the_first_case_that_a_pattern_names(
    monkeypatch: pytest.MonkeyPatch, cases: tuple[str, ...], driver: str, found: str | None
) -> None:
    """Before, a pattern was taken for a name: its KeyError within the case counted as told."""
    known = {"package.Class": SimpleNamespace(cases={"identity": None, "ramp_up": None, "beep": None})}
    monkeypatch.setattr(planting, "drivers", lambda: known)
    assert planting.case_of(entry("one", cases, driver)) == found


def test_an_entry_into_which_nothing_can_be_planted_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = (entry("one", ("beep",)), entry("of_a_suite", ("*",), "suite.Class"))
    monkeypatch.setattr(acceptance, "load", lambda: listed)
    for asked, said in (("two", "the list has no entry 'two'. It has: one, of_a_suite"),
                        ("of_a_suite", "nothing can be planted into of_a_suite")):
        assert acceptance.plant([asked]) == 2
        shown = capsys.readouterr()
        assert said in shown.err and shown.out == ""
