"""A wrong shunt or gain shows in a sweep: source meter and scope see the same current."""

import math
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.protocols.test_current_sensors_at_work import changed
from tsbench.instruments import Accuracy, Reading
from tsbench.instruments.guard.limits import WirePath
from tsbench.protocols import protocol_named
from tsbench.protocols.acquiring.current_comparison import CurrentComparison, meter_current, remedy, scope_current
from tsbench.protocols.acquiring.device_view import CURRENT_SENSE
from tsbench.records import CurrentAmplifier, Fixture, Flag, Sensing, Waveform
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

SHUNT = Sensing(voltage_high="scope.1", current="scope.2", current_resistance=50.0)
ROWS = (Accuracy(1e-4, 1e-4, 1e-8), Accuracy(1e-3, 3e-4, 6e-8))


def record(current: float, transresistance: float = 50.0, gain: float = 0.01, offset: float = 2e-3) -> Waveform:
    """Return a record of the sensor with the offset of its channel [V], and codes of 0.1 mV."""
    codes = np.full((1, 100), round((current * transresistance + offset) / 1e-4), dtype=np.int16)
    return Waveform(CURRENT_SENSE, "V", codes, 1e-4, 0.0, 0.0, 1e-6, np.zeros(1), -32000, 32000, accuracy_gain=gain)


def comparison(
    sensing: Sensing = SHUNT, gain: float = 1.0, beside: float = 0.0, before: float = 0.0,
) -> CurrentComparison:
    meter = SimpleNamespace(capabilities=SimpleNamespace(current_accuracy=ROWS, source_current_accuracy=()))
    station: Any = SimpleNamespace(
        source_meter=lambda role: meter, wire_path=lambda role: WirePath(52.0, gain),
        fixture=Fixture("", path_resistance={"drive": before}, parallel_conductance=beside))
    view: Any = SimpleNamespace(sensing=sensing)
    return CurrentComparison(view, station, "drive", 1e-3, {CURRENT_SENSE: record(0.0)})


def told(compared: CurrentComparison, pairs: list[tuple[float, float]], voltage: float = 0.0) -> list[str]:
    """Return what is said of pairs of measured and shown currents [A]."""
    found = [compared.add(Reading(0.0, 0.0, voltage, measured), {CURRENT_SENSE: record(shown)})
             for measured, shown in pairs]
    return [line for line in found if line]


def test_several_pairs_must_disagree() -> None:
    """One pair alone may be a device that switched in between. It is said once."""
    right, wrong = (500e-6, 500e-6), (500e-6, 200e-6)
    assert told(comparison(), [right, wrong, wrong, right, wrong, wrong]) == []
    line, = told(comparison(), [right, *6 * [wrong]])
    assert line == (
        "the source meter measures 500.0 uA through the device, but the scope shows 200.0 uA (0.4 times as much). If "
        "the source meter is right, the shunt has 20 Ohm, not current_resistance = 50 Ohm. Check the shunt and the "
        "attenuation of the scope's channel")
    assert told(comparison(), [(500e-6, 200e-6), (500e-6, 900e-6), (500e-6, 200e-6), (500e-6, 900e-6)]) == []


@pytest.mark.parametrize(("low", "factor", "said"), [
    ("scope.2", 10.0, True), ("scope.2", 0.2, True), ("scope.2", 0.4, False), ("scope.2", 2.5, False),
    (None, 10.0, False)])
def test_exchanged_channels_are_named(low: str | None, factor: float, said: bool) -> None:
    """The shunt's channel then shows the voltage of the whole device."""
    line = remedy(replace(SHUNT, voltage_low=low), factor)
    assert ("voltage_high and voltage_low may be exchanged" in line) is said


@pytest.mark.parametrize(("shown", "tolerance", "apart"), [
    (510e-6, 0.0, False), (530e-6, 0.0, True), (530e-6, 0.05, False), (560e-6, 0.05, True)])
def test_currents_within_their_limits_agree(shown: float, tolerance: float, apart: bool) -> None:
    """The gain of the scope has a limit of 1.7 %, one code is 0.4 % of 500 uA, and the sensor has its tolerance."""
    sensing = Sensing(voltage_high="scope.1", current="scope.2", current_resistance=50.0, current_tolerance=tolerance)
    assert bool(told(comparison(sensing), 4 * [(500e-6, shown)])) == apart


def test_pairs_that_tell_nothing_are_left_out() -> None:
    assert told(comparison(), 9 * [(3e-6, 0.0)]) == []   # less than two codes
    assert told(comparison(gain=0.9), 9 * [(500e-6, 200e-6)]) == []   # a part of the current flows beside the device
    assert told(comparison(beside=1e-4), 9 * [(500e-6, 400e-6)], voltage=1.0) == []   # through the scope's inputs
    # behind 1 kOhm there is half of the voltage
    assert told(comparison(beside=1e-4, before=1e3), 9 * [(500e-6, 450e-6)], voltage=1.0) == []
    assert told(comparison(beside=1e-4, before=1e3), 9 * [(500e-6, 400e-6)], voltage=1.0)
    compared = comparison()
    clip = Waveform(CURRENT_SENSE, "V", np.full((1, 9), 50, np.int16), 1e-4, 0.0, 0.0, 1e-6, np.zeros(1), 0, 50)
    assert not any(compared.add(Reading(0.0, 0.0, 1.0, 500e-6), {CURRENT_SENSE: clip}) for _ in range(9))
    assert not any(compared.add(Reading(0.0, 0.0, 1.0, math.nan, Flag.OVERFLOW), {CURRENT_SENSE: record(1e-4)})
                   for _ in range(9))


def test_a_record_at_its_end_is_a_lower_bound() -> None:
    clip = Waveform(CURRENT_SENSE, "V", np.full((1, 9), 900, np.int16), 1e-4, 0.0, 0.0, 1e-6, np.zeros(1), 0, 900)
    compared = comparison()
    lines = [compared.add(Reading(0.0, 0.0, 1.0, 500e-6), {CURRENT_SENSE: clip}) for _ in range(4)]
    assert "the scope shows at least 1.760 mA (3.52 times as much)" in lines[2] and "at least 176 Ohm" in lines[2]


def test_limits_of_both_instruments() -> None:
    assert meter_current(50e-6, ROWS).limit == pytest.approx(50e-6 * 1e-4 + 1e-8)
    assert meter_current(50e-6, ROWS, least_range=1e-3).limit == pytest.approx(50e-6 * 3e-4 + 6e-8)
    amplifier = Sensing(current="scope.2", current_sensor="amplifier", current_tolerance=0.01,
                        amplifier=CurrentAmplifier(-100.0, 50.0, 1e6, 1.0))
    found = scope_current(record(1e-3, -100.0), record(0.0, -100.0), amplifier)
    assert found.value == pytest.approx(1e-3)
    assert found.limit == pytest.approx(1e-3 * (0.01 + 3**0.5 * 0.01) + 1e-6)


@pytest.mark.thin(3)
@pytest.mark.sabotage("units")
@pytest.mark.parametrize(("true", "ratio"), [("50", None), ("20", 0.4), ("500", 10.0)])
def test_a_sweep_tells_of_a_wrong_shunt(nbo2_bench: Path, tmp_path: Path, true: str, ratio: float | None) -> None:
    world = nbo2_bench.with_name("nbo2.world.toml")
    text = world.read_text("utf-8")
    world.write_text(text.replace("R_shunt  low   0    50", f"R_shunt low 0 {true}"), "utf-8")
    sweep = protocol_named("iv_sweep").parse({"stop": 1.2, "step": 0.01})
    outcome = run_protocol(nbo2_bench, "D1", sweep, tmp_path / "runs", extract=False)
    assert outcome.path is not None and outcome.status == "success", outcome.reason
    said = [event.message for event in read_run(outcome.path).events if "the source meter measures" in event.message]
    found = [float(re.findall(r"\(([\d.]+) times as much\)", line)[0]) for line in said if "the shunt has" in line]
    assert found == ([] if ratio is None else [pytest.approx(ratio, rel=0.02)]) and len(found) == len(said), said


def test_a_sweep_tells_of_a_wrong_gain(nbo2_bench: Path, tmp_path: Path) -> None:
    bench = changed(nbo2_bench, "amplifier")
    for gain, many in (("100 V/A", 0), ("50 V/A", 1)):
        text = bench.read_text("utf-8").replace("100 V/A", gain)
        bench.write_text(text, "utf-8")
        sweep = protocol_named("iv_sweep").parse({"stop": 1.2, "step": 0.01})
        outcome = run_protocol(bench, "D1", sweep, tmp_path / "runs", extract=False)
        assert outcome.path is not None and outcome.status == "success", outcome.reason
        events = read_run(outcome.path).events
        said = [event.message for event in events if "the gain of the amplifier" in event.message]
        assert len(said) == many
