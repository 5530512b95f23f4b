"""A plan says where a level or a pulse ends before the capacitance across the device is charged."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.instruments.guard.limits import WirePath
from tsbench.protocols import protocol_named
from tsbench.protocols.charging_time import missing_share, slow_pulses, time_constant
from tsbench.records import RunEvent
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def behind(station: Any, ohms: float, farads: float, gain: float = 1.0, coupled: bool = False) -> Any:
    """Return a station with another path to the device, of the source meter and of the generator."""
    station.fixture = replace(station.fixture, path_resistance={"drive": ohms, "pulser": ohms},
                              parallel_capacitance=farads)
    station.wire_path = lambda role: WirePath(ohms, gain, coupled)
    return station


def lines(station: Any, protocol: str, **values: Any) -> list[str]:
    plan = protocol_named(protocol).parse(values).plan(station)
    return [line for line in plan.warnings if "across the device" in line]


@pytest.mark.parametrize(("constant", "after", "aperture"), [
    (1.0, 0.0, 1.0), (1.0, 2.0, 0.1), (0.01, 0.0, 1.0), (1.0, -0.5, 2.0), (1.0, -3.0, 2.0), (0.0, 1.0, 1.0),
    (0.0, -0.5, 1.0)])
def test_the_missing_share_is_the_mean_over_the_aperture(constant: float, after: float, aperture: float) -> None:
    times = after + aperture * (np.arange(200_000) + 0.5) / 200_000
    with np.errstate(divide="ignore"):
        left = np.where(times < 0, 1.0, np.exp(-np.maximum(times, 0.0) / constant) if constant else 0.0)
    assert missing_share(constant, after, aperture) == pytest.approx(float(left.mean()), abs=1e-5)


def test_a_divider_charges_faster_and_a_capacitor_in_series_lets_edges_pass(station: Any) -> None:
    assert time_constant(behind(station, 1e6, 1e-9), "drive") == pytest.approx(1e-3)
    assert time_constant(behind(station, 1e6, 1e-9, gain=0.5), "drive") == pytest.approx(0.5e-3)
    assert time_constant(behind(station, 1e6, 1e-9, coupled=True), "drive") == 0.0
    assert time_constant(behind(station, math.inf, 1e-9), "drive") == 0.0


@pytest.mark.parametrize(("ohms", "told"), [(10e3, False), (10e6, True)])
def test_a_sweep_behind_a_large_resistance(station: Any, ohms: float, told: bool) -> None:
    said = lines(behind(station, ohms, 1e-9), "iv_sweep", nplc=0.1)
    assert bool(said) is told
    if told:   # 10 ms, of which 1 ms of dwell and 2 ms of aperture pass
        assert said == [
            "the 1 nF across the device are charged through 10 MOhm, with at most the compliance. A reading 1 ms after "
            "its level may miss 82% of the step, and its current contains the one that charges them. Use 50 ms or more "
            "at each level, or lower the resistance or the capacitance"]
    assert lines(behind(station, ohms, 1e-9), "iv_sweep", nplc=0.1, dwell="50 ms") == []


def test_a_small_compliance_charges_slowly(station: Any) -> None:
    """1 nF, 4 mV and 1 nA: 4 ms."""
    assert lines(behind(station, 50.0, 1e-9), "iv_sweep", nplc=0.1, compliance="1 nA")
    assert not lines(behind(station, 50.0, 1e-9), "iv_sweep", nplc=0.1, compliance="100 nA")


def test_a_small_current_charges_slowly(station: Any) -> None:
    """Levels of -1 nA, 0 and 1 nA: the zero counts for nothing, also where it is rounded."""
    given = {"drive": "current", "start": "-1 nA", "stop": "1 nA", "points": 3, "nplc": 0.1}
    said = lines(behind(station, 50.0, 80e-12), "iv_sweep", **given)
    assert said == [
        "the 80 pF across the device are charged by the current of the source. At 1 nA, a reading 1 ms after its level "
        "may miss 99% of the voltage if the device needs the compliance there. Use 800 ms or more at each level, or "
        "lower the resistance or the capacitance"]
    assert lines(behind(station, 50.0, 80e-12), "iv_sweep", drive="current") == []


def test_every_rate_of_a_series_counts(station: Any) -> None:
    late = behind(station, 1e6, 1e-9)   # 1 ms
    assert lines(late, "ramp_rate_series", rate="0.001") == []
    assert len(lines(late, "ramp_rate_series", rate="0.001, 0.6")) == 1


def test_every_compliance_of_a_series_counts(station: Any) -> None:
    late = behind(station, 50.0, 1e-9)
    assert lines(late, "compliance_series", nplc=0.1, compliances="1 uA, 1 mA") == []
    assert len(lines(late, "compliance_series", nplc=0.1, compliances="1 nA, 1 mA")) == 1


@pytest.mark.parametrize(("protocol", "values"), [
    ("pulse_train", {"width": "10 us", "period": "1 ms"}), ("paired_pulse", {"width": "10 us"}),
    ("relaxation", {"width": "10 us"}), ("adaptive_threshold", {"width": "10 us"}),
    ("firing_probability", {"width": "10 us"}), ("adaptive_refractory", {"width": "10 us"}),
    ("endurance", {"width": "50 us", "read_width": "10 us", "period": "200 us"}),
    ("pulsed_iv", {"width": "50 us", "read_width": "10 us", "period": "200 us"})])
def test_pulses_that_do_not_reach_their_height(station: Any, protocol: str, values: dict[str, Any]) -> None:
    said = lines(behind(station, 100e3, 80e-12), protocol, **values)
    assert said == [
        "pulser: 100 kOhm and the 80 pF across the device have a time constant of 8 us. A pulse of 10 us brings at "
        "most 71% of its height to a device that does not conduct. Use pulses of 40 us or more, or lower the "
        "resistance or the capacitance"]
    assert lines(behind(station, 20e3, 80e-12), protocol, **values) == []


def test_of_the_width_at_which_one_hundredth_is_missing(station: Any) -> None:
    late = behind(station, 100e3, 80e-12)
    assert slow_pulses(late, 8e-6 * math.log(101)) == () and slow_pulses(late, 8e-6 * math.log(99))
    assert slow_pulses(behind(station, 100e3, 0.0), 1e-9) == ()


def test_the_source_meter_that_chooses_its_range_is_told_of(station: Any) -> None:
    said = [line for line in protocol_named("iv_sweep").parse({"measure_range": "auto"}).plan(station).warnings
            if line.startswith("measure_range = auto")]
    assert len(said) == 1
    assert not [line for line in protocol_named("iv_sweep").parse({}).plan(station).warnings if "range" in line]


@pytest.mark.thin(2)
@pytest.mark.parametrize(("dwell", "told"), [("1 ms", True), ("50 ms", False)])
def test_the_readings_of_a_bench_are_as_wrong_as_its_plan_says(dwell: str, told: bool, tmp_path: Path) -> None:
    """1 GOhm behind 10 MOhm, with 1 nF across it: with 1 ms at each level, the highest voltage is a fifth too low."""
    for kind in ("bench", "world"):
        text = (EXAMPLES / f"resistor.{kind}.toml").read_text("utf-8")
        for old, new in (("XDUT     smu   0 ", "R_drive smu dut 10meg\nC_dut dut 0 1n\nXDUT dut 0 "),
                         ("C_cable  smu   0   20p\n", ""), ('r = "10k"', 'r = "1e9"')):
            text = text.replace(old, new)
        (tmp_path / f"resistor.{kind}.toml").write_text(text, "utf-8")
    events: list[RunEvent] = []
    sweep = {"stop": "1 V", "step": "0.1 V", "dual": False, "nplc": 0.1, "dwell": dwell, "compliance": "1 uA"}
    outcome = run_protocol(tmp_path / "resistor.bench.toml", "R1", protocol_named("iv_sweep").parse(sweep),
                           tmp_path / "runs", events=events.append)
    assert outcome.path is not None
    last = read_run(outcome.path).column("device_voltage")[-1]
    assert any("are charged through 10 MOhm" in event.message for event in events) is told
    assert (last < 0.82) if told else last == pytest.approx(1e9 / 1.01e9, rel=5e-3)
