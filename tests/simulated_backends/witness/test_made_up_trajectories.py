"""What the witness writes of trajectories that are functions of time: no circuit is computed."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Gap, Repetition
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.simulated_backends.witness.place import _peak
from tsbench.simulated_backends.witness.witness import Witness

Wave = Callable[[FloatArray], Any]


class MadeUp:
    """A trajectory: node voltages [V] and the device's conductance [S] as functions of time [s]."""

    def __init__(self, times: Any, conductance: Wave, **nodes: Wave) -> None:
        self.times = np.asarray(times, dtype=np.float64)
        self.start, self.end = float(self.times[0]), float(self.times[-1])
        self._conductance, self._nodes = conductance, nodes

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        return np.asarray(self._nodes[node](times) + 0.0 * times)

    def current(self, element: str, times: FloatArray) -> FloatArray:
        assert element == "XDUT"
        across = self.voltage("dut", times) - (self.voltage("low", times) if "low" in self._nodes else 0.0)
        return np.asarray(self._conductance(times) * across)


def on_between(first: float, last: float, period: float = math.inf) -> Wave:
    """Return the conductance [S] of an NbO2 device that is on between two instants of each period."""
    levels = levels_of(device_model("nbo2"))
    assert levels is not None
    off, on = 0.1 * levels.fold, 10 * levels.hold

    def conductance(t: FloatArray) -> FloatArray:
        within = t if period == math.inf else np.mod(t, period)
        return np.where((within >= first) & (within < last), on, off)

    return conductance


ON, OFF = (float(on_between(0.0, 1.0)(np.array([t]))[0]) for t in (0.5, 2.0))


def witnessed(path: Path, *segments: Any, low: str = "0", before: Callable[[Witness], None] | None = None,
              end: float = 100.0) -> WitnessLog:
    """Show segments to a witness of an NbO2 device; return its log."""
    witness = Witness(path, {"XDUT": ("dut", low)})
    witness.connected("XDUT", "D", device_model("nbo2"), 0.0)
    if before is not None:
        before(witness)
    for segment in segments:
        witness.observe(segment)
    witness.end(end)
    return read_witness(path)


def test_a_peak_between_three_samples_is_the_top_of_their_parabola() -> None:
    times = np.array([0.0, 1.0, 1.2, 1.7, 3.0])
    parabola = 3.0 - 2.0 * (times - 1.3) ** 2
    assert _peak(times, parabola, 2) == pytest.approx(3.0)
    assert _peak(times, 5.0 - 0.5 * (times - 1.1) ** 2, 2) == pytest.approx(5.0)
    assert _peak(times, parabola, 0) == parabola[0] and _peak(times, parabola, 4) == parabola[4]   # no neighbour
    assert _peak(times, np.full(5, 2.0), 2) == 2.0
    assert _peak(np.array([0.0, 0.0, 1.0]), np.array([1.0, 4.0, 2.0]), 1) == 4.0   # two samples at one instant
    assert _peak(np.array([0.0, 1.0, 1.0]), np.array([1.0, 4.0, 2.0]), 1) == 4.0


@pytest.mark.parametrize("sign", [1, -1])
def test_maxima_between_the_samples_are_found(tmp_path: Path, sign: int) -> None:
    """A narrow pulse of 1.5 V at 0.437 of a step of 1 s; samples stand at its quarters."""
    def pulse(t: FloatArray) -> FloatArray:
        return 0.5 + 1.0 * np.exp(-(((t - 3.437) / 0.2) ** 2))

    trajectory = MadeUp(np.arange(8.0), lambda t: 1e-6, dut=lambda t: sign * pulse(t), low=lambda t: 0.0)
    log = witnessed(tmp_path / "w", trajectory, low="low")
    assert log.maxima() == {"D": {"voltage": pytest.approx(1.5, rel=1e-5), "current": pytest.approx(1.5e-6, rel=1e-5),
                                  "power": pytest.approx(2.25e-6, rel=1e-5)}}
    opposite = MadeUp(np.arange(8.0), lambda t: 1e-6, dut=pulse, low=lambda t: -pulse(t))
    assert witnessed(tmp_path / "o", opposite, low="low").maxima()["D"]["voltage"] == pytest.approx(3.0, rel=1e-5)
    later = MadeUp(np.arange(8.0), lambda t: 1e-6, dut=lambda t: 0.1 * np.ones(t.shape), low=lambda t: 0.0)
    assert witnessed(tmp_path / "l", trajectory, later, low="low").maxima() == log.maxima()


def test_voltage_current_and_power_are_highest_at_their_own_instants(tmp_path: Path) -> None:
    """The voltage falls from 2 V and the conductance rises: their product is highest in between."""
    t = np.linspace(0.0, 1.0, 41)
    trajectory = MadeUp(t, lambda t: 1e-6 * t, dut=lambda t: 2.0 - 1.5 * t)
    found = witnessed(tmp_path / "w", trajectory).maxima()["D"]
    assert found["voltage"] == 2.0
    assert found["current"] == pytest.approx(1e-6 * (2.0 / 3.0) * 1.0, rel=1e-6)   # t (2 - 1.5 t): at 2/3
    top = 2.0 / 4.5   # t (2 - 1.5 t)^2
    assert found["power"] == pytest.approx(1e-6 * top * (2.0 - 1.5 * top) ** 2, rel=1e-6)


@pytest.mark.parametrize(("levels", "limit", "hold"), [
    ((1.2, 0.9), 2 * ON, 0.4),   # its limit leaves 0.1 V; then it is back at its set-point
    ((2.0, 2.0), 40 * ON, 0.1),  # an output that never came to its set-point, far below its limit
    ((), 0.0, 0.1),
])
def test_what_a_source_meters_limit_leaves_is_no_hold_voltage(
    tmp_path: Path, levels: tuple[float, ...], limit: float, hold: float
) -> None:
    """On from 0.5 s at 1.2 V; 0.1 V and 2 A/V times ``ON`` for 0.2 s; then from 0.9 V down to 0.4 V."""
    def voltage(t: FloatArray) -> FloatArray:
        return np.interp(t, [0.0, 1.0, 1.001, 1.2, 1.201, 1.4, 2.0], [1.2, 1.2, 0.1, 0.1, 0.9, 0.9, 0.0])

    def conductance(t: FloatArray) -> FloatArray:
        on = on_between(0.5, 1.4 + 0.6 * 0.5 / 0.9)(t)
        return np.where((t > 1.0005) & (t < 1.2005), 20 * ON, on)

    witness = Witness(tmp_path / "w", {"XDUT": ("dut", "0")})
    witness.connected("XDUT", "D", device_model("nbo2"), 0.0)
    for k, ends in enumerate(((0.0, 1.2), (1.2, 2.0))):
        if levels:
            witness.compliance("smu", Regulation("smu", levels[k], limit), ends[0])
        witness.observe(MadeUp(np.linspace(*ends, 481), conductance, dut=voltage, smu=voltage))
    witness.end(3.0)
    (off,) = read_witness(tmp_path / "w").switching_off()
    assert off.hold == pytest.approx(hold, abs=5e-3)


def test_the_lowest_limit_of_all_source_meters_counts_until_it_is_taken_away(tmp_path: Path) -> None:
    """A device of 1 mS at 1 V: 1 mA, above limits of 0.5 mA and 0.2 mA, below one of 2 mA."""
    def stretch(first: float) -> MadeUp:
        return MadeUp(np.linspace(first, first + 1.0, 11), lambda t: 1e-3, dut=lambda t: 1.0)

    witness = Witness(tmp_path / "w", {"XDUT": ("dut", "0")})
    witness.connected("XDUT", "D", device_model("nbo2"), 0.0)
    limits = {"smu": Regulation("dut", 2.0, 0.5e-3), "other": Regulation("dut", 2.0, 0.2e-3),
              "large": Regulation("dut", 2.0, 2e-3)}
    for name in ("large", "smu", "other"):
        witness.compliance(name, limits[name], 0.0)
    witness.observe(stretch(0.0))
    witness.compliance("large", limits["large"], 0.5)   # changes nothing
    witness.compliance("other", None, 1.0)
    witness.observe(stretch(1.0))
    witness.compliance("smu", None, 2.0)
    witness.observe(stretch(2.0))
    witness.compliance("large", None, 3.0)
    witness.compliance("large", None, 3.0)   # once more does nothing
    witness.end(4.0)
    found = [(o.source, o.limit, o.time, o.duration, o.peak) for o in read_witness(tmp_path / "w").overshoots()]
    assert found == [("other", 0.2e-3, 0.0, 1.0, pytest.approx(1e-3)), ("smu", 0.5e-3, 1.0, 1.0, pytest.approx(1e-3))]


def oscillation(start: float = 0.0) -> MadeUp:
    """One period of 2 s at 1.2 V: on for its middle third."""
    return MadeUp(np.linspace(start, start + 2.0, 601), on_between(2 / 3, 4 / 3, 2.0), dut=lambda t: 1.2)


def test_skipped_periods_are_written_once_and_the_rest_goes_on_after_them(tmp_path: Path) -> None:
    period = oscillation()
    log = witnessed(tmp_path / "w", period, Repetition(2.0, 6, 2.0, period), oscillation(14.0))
    (repeat,) = log.of_kind("repeat")
    assert (repeat["t"], repeat["count"], repeat["period"], repeat["device"]) == (2.0, 6, 2.0, "D")
    assert [event["kind"] for event in repeat["events"]] == ["on", "off"]
    assert log.spike_times() == pytest.approx(2.0 * np.arange(8) + 2 / 3, abs=0.01)
    assert [event.time for event in log.switching_off()] == pytest.approx(2.0 * np.arange(8) + 4 / 3, abs=0.01)
    for event in log.switching_off():
        assert event.duration == pytest.approx(2 / 3, abs=0.01)
        assert event.charge == pytest.approx(ON * 1.2 * 2 / 3, rel=0.02)
        assert event.energy == pytest.approx(ON * 1.2**2 * 2 / 3, rel=0.02)
    # and off for as long again, 2/3 s before and after: the energy from one switching on to the next
    assert [on.energy + off.energy for on, off in zip(log.switching_on()[1:], log.switching_off(), strict=False)] == (
        pytest.approx([(ON * 2 / 3 + OFF * 4 / 3) * 1.2**2] * 7, rel=1e-3))


def test_a_device_that_is_off_through_skipped_periods_takes_the_energy_of_each(tmp_path: Path) -> None:
    """Off until 12.5 s at 1.2 V; ten periods of 1 s from 2 s on are skipped."""
    conductance = on_between(12.5, 13.5)
    period = MadeUp(np.linspace(1.0, 2.0, 11), conductance, dut=lambda t: 1.2)
    log = witnessed(
        tmp_path / "w", MadeUp(np.linspace(0.0, 1.0, 2001), conductance, dut=lambda t: 1.2), period,
        Repetition(2.0, 10, 1.0, period), MadeUp(np.linspace(12.0, 14.0, 4001), conductance, dut=lambda t: 1.2))
    (on,) = log.switching_on()
    assert on.time == pytest.approx(12.5, abs=2e-3) and on.energy == pytest.approx(12.5 * OFF * 1.44, rel=0.01)


def test_what_has_happened_is_written_at_once(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "w", {"XDUT": ("dut", "0")})
    witness.start("a.world.toml", 7, {"D": device_model("nbo2")}, {"smu": "keithley_2450"})
    witness.connected("XDUT", "D", device_model("nbo2"), 0.0)
    witness.now("XDUT", device_model("nbo2"))
    witness.observe(oscillation())
    log = read_witness(tmp_path / "w")   # the process may die now
    assert [record["kind"] for record in log.records] == ["start", "device", "on", "off"]
    start = log.records[0]
    assert (start["t"], start["world"], start["seed"], start["instruments"]) == (
        0.0, "a.world.toml", 7, {"smu": "keithley_2450"})
    folds = log.devices()["D"]
    assert folds["threshold"]["voltage"] > folds["hold"]["voltage"] > 0
    witness.end(2.0)


@pytest.mark.parametrize("passes", [(10,), (4, 6), (1, 9)])
def test_a_device_that_is_on_through_skipped_periods_carries_the_charge_of_each(
    tmp_path: Path, passes: tuple[int, ...]
) -> None:
    """On from 0.5 s to 12.5 s at 1.2 V, above a limit; ten periods of 1 s from 2 s on are skipped."""
    conductance = on_between(0.5, 12.5)
    period = MadeUp(np.linspace(1.0, 2.0, 11), conductance, dut=lambda t: 1.2)
    skipped, start = [], 2.0
    for count in passes:
        skipped.append(Repetition(start, count, 1.0, period))
        start += count
    log = witnessed(
        tmp_path / "w", MadeUp(np.linspace(0.0, 1.0, 2001), conductance, dut=lambda t: 1.2), period, *skipped,
        MadeUp(np.linspace(12.0, 14.0, 4001), conductance, dut=lambda t: 1.2),
        before=lambda w: w.compliance("smu", Regulation("dut", 1.2, ON), 0.0))
    assert not log.of_kind("repeat")
    (off,), (overshoot,) = log.switching_off(), log.overshoots()
    assert off.duration == pytest.approx(12.0, abs=2e-3)
    assert off.charge == pytest.approx(12.0 * ON * 1.2, rel=2e-3)
    assert off.energy == pytest.approx(12.0 * ON * 1.44, rel=2e-3)
    assert overshoot.duration == pytest.approx(12.0, abs=2e-3)
    assert overshoot.charge == pytest.approx(12.0 * ON * 0.2, rel=2e-3)


def test_what_happened_in_a_time_that_was_not_computed_is_not_known(tmp_path: Path) -> None:
    """On from 0.5 s; 5 s are left out; off 0.5 s after them: it was on for a second that is known."""
    first = MadeUp(np.linspace(0.0, 1.0, 2001), on_between(0.5, 99.0), dut=lambda t: 1.2)
    last = MadeUp(np.linspace(6.0, 7.0, 2001), on_between(0.0, 6.5), dut=lambda t: 1.2)
    log = witnessed(tmp_path / "w", first, Gap(1.0, 6.0, "too fast"), last,
                    before=lambda w: w.compliance("smu", Regulation("dut", 1.2, ON), 0.0))
    (left_out,) = log.left_out()
    assert (left_out["t"], left_out["until"], left_out["reason"]) == (1.0, 6.0, "too fast")
    (off,), (overshoot,) = log.switching_off(), log.overshoots()
    assert off.time == pytest.approx(6.5, abs=2e-3) and off.duration == pytest.approx(1.0, abs=2e-3)
    assert off.charge == pytest.approx(ON * 1.2, rel=5e-3)
    assert overshoot.duration == pytest.approx(1.0, abs=2e-3)


def test_a_bench_without_a_device_notes_outputs_and_what_is_left_out_only(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "w", {})
    witness.connected("XDUT", "D", device_model("nbo2"), 0.0)
    witness.output("smu", "", enabled=True, time=1.0)
    witness.output("generator", "2", enabled=True, time=1.5)
    assert witness.outputs_on() == ["smu", "generator.2"]
    witness.observe(oscillation())
    witness.observe(Gap(2.0, 3.0, "why"))
    witness.output("smu", "", enabled=False, time=3.0)
    assert witness.outputs_on() == ["generator.2"]
    witness.end(4.0)
    log = read_witness(tmp_path / "w")
    assert [record["kind"] for record in log.records] == [
        "device", "output", "output", "left_out", "output", "end"]
    assert log.outputs() == {"smu": False, "generator.2": True} and log.ended
    assert log.of_kind("end")[0]["outputs"] == {"smu": False, "generator.2": True}


def test_another_device_begins_anew(tmp_path: Path) -> None:
    """The first is left on; the second one's maxima are its own."""
    witness = Witness(tmp_path / "w", {"XDUT": ("dut", "0")})
    witness.connected("XDUT", "D1", device_model("nbo2"), 0.0)
    witness.observe(MadeUp(np.linspace(0.0, 1.0, 101), on_between(0.5, 9.0), dut=lambda t: 1.2))
    witness.connected("XDUT", "D2", device_model("nbo2"), 1.0)
    witness.observe(MadeUp(np.linspace(1.0, 2.0, 101), on_between(1.5, 9.0), dut=lambda t: 0.9))
    witness.end(2.0)
    log = read_witness(tmp_path / "w")
    assert [(event.device, round(event.time, 1)) for event in log.switching_on()] == [("D1", 0.5), ("D2", 1.5)]
    assert {name: found["voltage"] for name, found in log.maxima().items()} == {"D1": 1.2, "D2": 0.9}
    assert len(log.of_kind("maxima")) == 2   # each is told once
