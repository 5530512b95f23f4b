"""A driver of another author whose methods leave by sys.exit or return something else: one line names the method."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.simulated_bench import EXAMPLES
from tests.station.bench.test_connection import BOTH_OFF, LOST, Wire, connection
from tsbench.cli import main
from tsbench.errors import InstrumentError
from tsbench.instruments import OutputState
from tsbench.instruments.keithley_2450.driver import Keithley2450
from tsbench.protocols import IVSweep
from tsbench.records import Identity, RunEvent
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run
from tsbench.storage.nexus.validation import inspect

BOTH_ON = [OutputState("meter.1", True), OutputState("meter.2", True)]


def leaves(*arguments: object, **options: object) -> Any:
    sys.exit(3)


PLACE = f"test_driver_calls.py, line {leaves.__code__.co_firstlineno + 1}"


class Leaves(BaseException):
    """Neither an Exception nor an interrupt."""


@pytest.mark.parametrize("error", [SystemExit(3), Leaves("at once"), ValueError("a bug")])
def test_clear_and_safe_state_that_leave_are_followed_by_the_switch_of_each_output(error: BaseException) -> None:
    made = connection(wire := Wire(clear=[error], off=[error]))
    assert made.make_safe() == BOTH_OFF and made.problem == ""
    assert wire.calls == [0.3, "clear", "off", ("1", False), ("2", False), 1.0, "ask"]
    kind = type(error).__name__
    assert f"the driver method clear failed ({kind}: {error} (test_connection.py, line" in made.notes[0]
    assert made.notes[1].startswith(f"meter (made up): the driver method safe_state failed ({kind}: {error} (test_con")


def test_a_switch_that_leaves_does_not_keep_the_other_outputs_on() -> None:
    made = connection(wire := Wire(off=[SystemExit(3)] * 9))
    usual = wire.terminal
    wire.terminal = lambda channel: leaves() if channel == "1" else usual(channel)  # type: ignore[method-assign]
    assert made.make_safe() == BOTH_ON and ("2", False) in wire.calls
    assert made.problem == (f"meter (made up): the driver method terminal failed (SystemExit: 3 ({PLACE})). Correct "
                            "this method of the driver")
    lost = connection(wire := Wire(off=[ValueError("a bug")], terminal=[LOST]))
    wire.terminal = lambda channel: wire._do("terminal")  # type: ignore[method-assign]
    lost.switch_off()
    assert lost.problem == "no reply" and wire.calls.count("terminal") == 1


@pytest.mark.parametrize(("returned", "said"), [
    (leaves, f"output_states failed (SystemExit: 3 ({PLACE}))"),
    (lambda: None, "output_states returned None, not a list of OutputState"),
    (lambda: [OutputState("meter.1", False), False], "not a list of OutputState"),
])
def test_outputs_that_are_not_read_back_count_as_on(returned: Any, said: str) -> None:
    made = connection(wire := Wire())
    wire.output_states = returned  # type: ignore[method-assign]
    assert made.make_safe() == BOTH_ON
    assert made.problem.startswith("meter (made up): the driver method ") and said in made.problem


def test_outputs_without_a_name_are_unknown_under_the_name_of_the_instrument() -> None:
    class Nameless(Wire):
        output_names = property(leaves)  # type: ignore[assignment]
        label = property(leaves)  # type: ignore[assignment]

    made = connection(Nameless())
    assert made.make_safe() == [OutputState("meter", True)] and "output_names failed (SystemExit: 3 (" in made.problem
    assert made.label == "meter (TCPIP0::192.0.2.7::5025::SOCKET)"


IDENTITY = Identity("MAKER", "MODEL", "SIM1", "1.0")


@pytest.mark.parametrize("method", ["lost_power", "accepted_settings", "accuracy", "reset", "terminal"])
def test_each_other_method_of_a_driver_that_leaves_is_an_error_with_its_name(method: str) -> None:
    wire: Any = Wire()
    made = connection(wire)
    wire.identity, wire.accepted_settings, wire.accuracy = IDENTITY, dict, dict
    assert made.describe({})["serial"] == "SIM1"
    setattr(wire, method, leaves)
    call: dict[str, Any] = {
        "lost_power": made.lost_power, "reset": made.reset, "terminal": lambda: made.terminal("1")}
    with pytest.raises(InstrumentError) as caught:
        call.get(method, lambda: made.describe({}))()
    assert str(caught.value) == (f"meter (made up): the driver method {method} failed (SystemExit: 3 ({PLACE})). "
                                 "Correct this method of the driver")


@pytest.mark.parametrize(("method", "returned", "expected"), [
    ("accuracy", None, "None, not a dictionary of dictionaries, for example {'measure_voltage:20': {"),
    ("accuracy", {"x": 3}, "{'x': 3}, not a dictionary of dictionaries"),
    ("accepted_settings", None, "None, not a dictionary of name to value"),
])
def test_what_describes_a_driver_in_another_form_is_refused(method: str, returned: object, expected: str) -> None:
    wire: Any = Wire()
    made = connection(wire)
    wire.identity, wire.accepted_settings, wire.accuracy = IDENTITY, dict, dict
    setattr(wire, method, lambda: returned)
    with pytest.raises(InstrumentError) as caught:
        made.describe({})
    assert str(caught.value).startswith(f"meter (made up): the driver method {method} returned {expected}")


def resistor_bench(folder: Path) -> Path:
    for kind in ("bench", "world"):
        shutil.copy(EXAMPLES / f"resistor.{kind}.toml", folder)
    return folder / "resistor.bench.toml"


@pytest.mark.parametrize(("method", "name"), [
    ("__init__", "__init__"), ("reset", "reset"), ("terminal", "output_names or terminal"), ("accuracy", "accuracy"),
    ("output_states", "output_states"), ("identity", "output_names or terminal"),
])
def test_check_names_the_method_of_a_driver_that_leaves(
    method: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    found = property(leaves, lambda self, value: None) if method == "identity" else leaves
    monkeypatch.setattr(Keithley2450, method, found, raising=False)
    assert main(["check", str(resistor_bench(tmp_path))]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tsbench: ") and "source_meter (" in line
    assert f"the driver method {name} failed (SystemExit: 3 ({PLACE})). Correct this method of the driver" in line


def test_a_run_is_stored_though_safe_state_of_a_driver_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keithley2450, "safe_state", leaves)
    monkeypatch.setattr(Keithley2450, "lost_power", leaves)
    events: list[RunEvent] = []
    outcome = run_protocol(resistor_bench(tmp_path), "R1", IVSweep(stop=0.1, step=0.05), tmp_path / "runs",
                           events=events.append)
    assert outcome.path is not None and outcome.path.suffix == ".nxs" and outcome.safe
    assert inspect(outcome.path) == []
    told = " | ".join(event.message for event in read_run(outcome.path).events)
    assert f"the driver method safe_state failed (SystemExit: 3 ({PLACE})). tsbench switches the outputs off" in told
    assert f"the driver method lost_power failed (SystemExit: 3 ({PLACE}))" in told
