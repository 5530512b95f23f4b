"""A protocol of another author that does wrong after or during its run costs none of what was measured."""

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.fixtures.fake_runs import FakeBench, Sweep
from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, PlanItem
from tsbench.records import Column, Flag, Point, Result, Run, RunEvent, Step, Waveform
from tsbench.station.runner import run_on
from tsbench.storage import read_run
from tsbench.storage.nexus.validation import inspect

GOOD = Result("resistance", "Ohm", 100.0, 90.0, 110.0, "slope")
WAVE = Waveform("v", "V", np.zeros((1, 5), np.int16), 1e-3, 0.0, 0.0, 1e-9, np.zeros(1))


class Leaves(BaseException):
    """Neither an Exception nor an interrupt."""


def raises(error: BaseException) -> Callable[[], Any]:
    def found() -> Any:
        raise error

    return found


RAISED = f"test_runner_plugin_faults.py, line {raises.__code__.co_firstlineno + 2}"


def extracting(found: Callable[[], Any]) -> Sweep:
    class Lab(Sweep):
        @classmethod
        def extract(cls, run: Run, options: object) -> Any:
            return found()

    return Lab()


def measured(protocol: Sweep, folder: Path) -> tuple[Run, list[str], Any]:
    """Return the stored run, the warnings in it, and the outcome; no journal is left."""
    told: list[RunEvent] = []
    outcome = run_on(FakeBench(), protocol, folder, events=told.append)  # type: ignore[arg-type]
    (path,) = folder.iterdir()
    assert path == outcome.path and path.suffix == ".nxs" and inspect(path) == []
    run = read_run(path)
    warnings = [event.message for event in run.events if event.kind == "warning" and event.message != "careful"]
    assert all(line in [event.message for event in told] and "\n" not in line for line in warnings)
    rows = [event.data for event in told if event.kind == "result"]
    assert [row["value"] for row in rows] == [result.value for result in run.results]
    return run, warnings, outcome


@pytest.mark.thin(2)
@pytest.mark.parametrize(("found", "said"), [
    (raises(SystemExit(3)), f"failed (SystemExit: 3 ({RAISED}))"),
    (raises(Leaves("at once")), f"failed (Leaves: at once ({RAISED}))"),
    (raises(KeyboardInterrupt()), "KeyboardInterrupt"),
    (raises(ZeroDivisionError("oh")), f"ZeroDivisionError: oh ({RAISED})"),
    (lambda: None, "failed (TypeError: the extraction returned a value that is None, not a sequence of Result"),
    (lambda: (sys.exit(3) for _ in "a"), "failed (SystemExit: 3 (test_runner_plugin_faults.py, line "),
])
def test_an_extraction_that_fails_loses_nothing(found: Callable[[], Any], said: str, tmp_path: Path) -> None:
    run, (warning,), outcome = measured(extracting(found), tmp_path / "runs")
    assert warning.startswith("no numbers were extracted: ") and said in warning
    assert outcome.status == run.status == "success" and len(run.points) == 5 and len(run.waveforms) == 1


@pytest.mark.thin(3)
@pytest.mark.parametrize(("bad", "said"), [
    (replace(GOOD, value=math.nan), "value = nan Ohm is not a finite number"),
    (replace(GOOD, low=120.0), "low = 120 Ohm is above high = 110 Ohm (value = 100 Ohm)"),
    (replace(GOOD, value="100"), "value = '100' is of type str"), ((100.0, 90.0), "is of type tuple, not a Result"),
    (replace(GOOD, conditions=[1]), "conditions is of type list"), (replace(GOOD, flags=1 << 40), "flags = 1099511"),
])
def test_a_result_that_cannot_be_stored_is_one_warning(bad: Any, said: str, tmp_path: Path) -> None:
    run, (warning,), outcome = measured(extracting(lambda: [bad, GOOD]), tmp_path / "runs")
    assert "extraction of protocol 'sweep' returned a result that cannot be stored (result" in warning
    assert said in warning
    assert outcome.results == run.results == (GOOD,) and len(run.points) == 5 and run.status == "success"


def test_a_remark_on_the_device_that_leaves_loses_nothing(tmp_path: Path) -> None:
    class Lab(Sweep):
        @classmethod
        def device_remark(cls, run: Run) -> str:
            raise SystemExit(3)

    run, (warning,), _ = measured(Lab(), tmp_path / "runs")
    assert "device_remark of protocol 'sweep' failed (SystemExit: 3 (test_runner_plugin_faults.py, line " in warning
    assert len(run.points) == 5


@pytest.mark.thin(6)
@pytest.mark.parametrize(("item", "said"), [
    (replace(WAVE, channel=None), "waveform of None: channel = None is of type NoneType"),
    (replace(WAVE, scale="1"), "waveform of 'v': scale = '1' is of type str"),
    (replace(WAVE, codes=[[1, 2]]), "waveform of 'v': codes = [[1, 2]] is of type list"),
    (replace(WAVE, segment_times=np.zeros((1, 1))), "'codes' has the shape (1, 5), and 'segment_times' has"),
    (replace(WAVE, conditions=None), "conditions = None is of type NoneType"),
    (replace(WAVE, flags=1 << 40), "flags = 1099511627776 is not a tsbench.records.Flag"),
    (RunEvent(3, "x", 0.0), "event 3: kind = 3 is of type int"),  # type: ignore[arg-type]
    (RunEvent("log", "x", None), "event 'log': time = None is of type NoneType"),  # type: ignore[arg-type]
    (RunEvent("log", "x", 0.0, [1]), "event 'log': data = [1] is of type list"),  # type: ignore[arg-type]
    (Point((1.0, 2.0), -1), "a point: flags = -1 is not"),  # type: ignore[arg-type]
    (Point((1.0, None)), "a point: value 2 = None is of type NoneType"),  # type: ignore[arg-type]
    ("x", "this item is of type str"),
])
def test_what_could_not_be_read_back_is_refused_when_it_is_recorded(item: Any, said: str, tmp_path: Path) -> None:
    """It was acknowledged before, and the reader of the journal took it for damage."""
    class Lab(Sweep):
        def run(self, station: Any, recorder: Any) -> Iterator[Step]:
            record = {Point: recorder.point, Waveform: recorder.waveform}.get(type(item), recorder.event)
            for number, step in enumerate(super().run(station, recorder)):
                if number == 4:
                    record(item)
                yield step

    run, (warning,), outcome = measured(Lab(), tmp_path / "runs")
    assert outcome.status == "fail" and said in warning and said in run.reason and len(run.points) == 4


def test_numbers_of_numpy_are_recorded(tmp_path: Path) -> None:
    class Lab(Sweep):
        reading: ClassVar[Any] = staticmethod(lambda number: (np.float32(0.5), np.int64(number)))

    run, warnings, _ = measured(Lab(), tmp_path / "runs")
    assert not warnings and run.points[4].tolist() == [0.5, 4.0] and int(run.point_flags[4]) == Flag.NONE


def test_a_table_that_could_not_be_read_back_begins_no_run(tmp_path: Path) -> None:
    class Lab(Sweep):
        def table(self) -> tuple[Column, ...]:
            return (Column("voltage", None), Column("current", "A"))  # type: ignore[arg-type]

    bench = FakeBench()
    with pytest.raises(TypeError, match=r"^run \S+ cannot be stored: columns.0.unit: .* should be a valid string"):
        run_on(bench, Lab(), tmp_path)  # type: ignore[arg-type]
    assert not bench.on and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("plan", "said"), [
    (raises(SystemExit(3)), f"sweep: the method plan failed (SystemExit: 3 ({RAISED})). Nothing was sent"),
    (raises(Leaves("at once")), f"sweep: the method plan failed (Leaves: at once ({RAISED})). Nothing was sent"),
    (lambda: None, "sweep: the method plan returned None, not a Plan. Nothing was sent"),
    (lambda: Plan(5, 5, 1.0, 1000, refusals="too much"),  # type: ignore[arg-type]
     "sweep: refusals = 'too much' of the plan must be a tuple of texts"),
    (lambda: Plan(5, 5, 1.0, 1000, refusals=None), "sweep: refusals = None of the plan must be"),  # type: ignore
    (lambda: Plan(5, 5, 1.0, 1000, warnings=(3,)), "sweep: warnings = (3,) of the plan must be"),  # type: ignore
])
def test_what_is_not_a_plan_begins_no_run(plan: Callable[[], Any], said: str, tmp_path: Path) -> None:
    class Lab(Sweep):
        def plan(self, station: Any) -> Any:
            return plan()

    bench = FakeBench()
    with pytest.raises(ConfigurationError) as caught:
        run_on(bench, Lab(), tmp_path)  # type: ignore[arg-type]
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)
    assert not bench.on and bench.calls == [] and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("changes", "said"), [
    ({"steps": 2.5}, "steps = 2.5 of the plan must be a whole number from 0"),
    ({"points": -1}, "points = -1 of the plan must be a whole number"),
    ({"bytes": math.inf}, "bytes = inf of the plan"),
    ({"duration": "long"}, "duration = 'long' of the plan must be a number of seconds from 0"),
    ({"duration": -1.0}, "duration = -1.0 of"), ({"duration": math.nan}, "duration = nan of"),
    ({"duration": True}, "duration = True of"), ({"worst_case": 1}, "worst_case = 1 of the plan must be a tuple of"),
    ({"worst_case": [1, 2]}, "1 in worst_case of the plan must be a PlanItem"),
    ({"preview": None}, "preview = None of the plan must be a mapping of name to array"),
    ({"preview": {"time": np.zeros(3), "level": np.zeros(2)}},
     "the arrays in preview of the plan must have one dimension and the same length, not [(2,), (3,)]"),
    ({"preview": {"time": 3.0}}, "the arrays in preview of the plan must have one dimension"),
    ({"worst_case": (PlanItem("voltage", -2.0, "V"),)}, "voltage = -2.0 in worst_case of the plan must be a number"),
])
def test_a_plan_with_wrong_numbers_is_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    class Lab(Sweep):
        def plan(self, station: Any) -> Plan:
            return replace(super().plan(station), **changes)

    bench = FakeBench()
    with pytest.raises(ConfigurationError) as caught:
        run_on(bench, Lab(), tmp_path)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"sweep: {said}") and str(caught.value).endswith(". Nothing was sent")
    assert bench.calls == [] and not list(tmp_path.iterdir())


def test_a_message_of_a_step_is_told_in_one_line(tmp_path: Path) -> None:
    class Lab(Sweep):
        def run(self, station: Any, recorder: Any) -> Iterator[Step]:
            for step in super().run(station, recorder):
                yield replace(step, message="two\n lines")

    told: list[RunEvent] = []
    run_on(FakeBench(), Lab(), tmp_path, events=told.append)  # type: ignore[arg-type]
    assert {event.message for event in told if event.kind == "progress"} == {"two lines"}


def test_an_error_names_its_line_in_the_code_of_the_author(tmp_path: Path) -> None:
    class Lab(Sweep):
        def run(self, station: Any, recorder: Any) -> Iterator[Any]:
            yield from super().run(station, recorder)
            np.linalg.inv(np.zeros((2, 2)))

    line = Lab.run.__code__.co_firstlineno + 2
    _, _, outcome = measured(Lab(), tmp_path / "runs")
    assert outcome.reason == f"LinAlgError: Singular matrix (test_runner_plugin_faults.py, line {line})"


def test_what_is_not_a_step_ends_the_run_safe(tmp_path: Path) -> None:
    class Lab(Sweep):
        def run(self, station: Any, recorder: Any) -> Iterator[Any]:
            for number, step in enumerate(super().run(station, recorder)):
                yield number if number == 3 else step

    run, _, outcome = measured(Lab(), tmp_path / "runs")
    assert outcome.status == "fail" and outcome.outputs == {"source_meter": False} and len(run.points) == 3
    assert outcome.reason.startswith("TypeError: the protocol yielded 3, not a Step")


@pytest.mark.parametrize(("fails", "what", "stays"), [
    ("current_line", "the check of the current of the oscilloscope failed: ", "it looks open"),
    ("device_line", "the check whether the device is open or short failed: ", "the scope shows more")])
def test_a_check_that_fails_does_not_lose_the_line_of_another(
    fails: str, what: str, stays: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, line in (("current_line", "the scope shows more"), ("device_line", "it looks open")):
        act = raises(Leaves("planted")) if name == fails else lambda line=line: line
        monkeypatch.setattr(f"tsbench.extraction.runs.{name}", lambda *given, act=act: act())
    _, warnings, outcome = measured(Sweep(), tmp_path)
    assert outcome.status == "success"
    assert [line for line in warnings if line.startswith(what)] and stays in warnings


@pytest.mark.parametrize("line", ["", "the scope shows four times the current"])
def test_a_current_that_contradicts_the_path_is_told_once_and_flags_what_depends_on_it(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tsbench.extraction.runs.current_line", lambda *given: line)
    monkeypatch.setattr("tsbench.protocols.extracting.loop_current.depends_on_current", lambda name, sensing: True)
    run, warnings, _ = measured(extracting(lambda: [GOOD]), tmp_path)
    assert warnings == ([line] if line else [])
    assert [bool(result.flags & Flag.AMBIGUOUS) for result in run.results] == [bool(line)]


def test_a_check_of_the_current_that_fails_is_told_once_and_loses_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tsbench.extraction.runs.contradiction_of", lambda *given: raises(IndexError("planted"))())
    run, (warning,), _ = measured(extracting(lambda: [GOOD]), tmp_path)
    assert warning.startswith("the check of the current of the oscilloscope failed: ")
    assert [result.quantity for result in run.results] == ["resistance"]
