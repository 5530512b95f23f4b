"""The witness held to docs/definitions.md: made-up trajectories whose answers are known (no extractor is used)."""

from typing import Any

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import PulseWaveform
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels
from tsbench.simulated_backends.witness.events import SwitchingDetector
from tsbench.simulated_backends.witness.firing import ConductanceWatch, pulses_fired
from tsbench.simulated_backends.witness.log import SwitchingOn, WitnessLog
from tsbench.simulated_backends.witness.relaxation import RelaxationDetector

OFF, ON = 1e-5, 1e-3  #: [S]
LEVELS = SwitchingLevels(fold=2e-5, on=1.3e-4, off=8e-5, hold=6e-4)


def events_of(t: Any, v: Any, i: Any, **more: Any) -> list[dict[str, Any]]:
    """Return what the witness writes of a trajectory."""
    found: list[dict[str, Any]] = []
    detector = SwitchingDetector(LEVELS, found.append)
    detector.see(t, v, i, **more)
    detector.finish()
    return found


def triangle(threshold: float, hold: float, peak: float = 1.5, sign: int = 1) -> tuple[Any, Any, Any]:
    """Return a sweep up and down in 2 s; the device is on from ``threshold`` to ``hold``."""
    t = np.linspace(0, 2, 20_001)
    v = peak * (1 - abs(t - 1))
    on = (t > threshold / peak) & (t < 2 - hold / peak)
    return t, sign * v, sign * v * np.where(on, ON, OFF)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("threshold", "hold"), [(1.0, 0.4), (1.2, 0.05), (0.3, 0.29)])
def test_threshold_and_hold_voltage_and_current(threshold: float, hold: float, sign: int) -> None:
    on, off = events_of(*triangle(threshold, hold, sign=sign))
    assert (on["kind"], off["kind"]) == ("on", "off")
    assert on["threshold"] == pytest.approx(threshold, abs=2e-4)
    assert abs(on["current"]) == pytest.approx(OFF * threshold, rel=1e-3)
    assert off["hold"] == pytest.approx(hold, abs=3e-4)
    assert abs(off["current"]) == pytest.approx(ON * hold, rel=1e-2)
    assert on["polarity"] == off["polarity"] == sign


def test_threshold_is_the_highest_voltage_also_where_it_has_fallen_when_the_device_switches() -> None:
    t = np.linspace(0, 1, 10_001)
    v = np.interp(t, [0, 0.5, 0.6, 1.0], [0, 1.0, 0.8, 0.8])
    on, = events_of(t, v, v * np.where(t > 0.7, ON, OFF))
    assert on["threshold"] == pytest.approx(1.0, abs=1e-3)
    assert on["t"] == pytest.approx(0.7, abs=2e-4)


def test_hold_does_not_count_what_a_limit_leaves_of_the_voltage() -> None:
    t, v, i = triangle(1.0, 0.4)
    limited = (t > 0.7) & (t < 1.2)
    v, i = np.where(limited, 0.1, v), np.where(limited, 1e-4, i)
    _, off = events_of(t, v, i, limited=limited.astype(float))
    assert off["hold"] == pytest.approx(0.4, abs=3e-4)


def test_delay_runs_from_half_of_the_edge_to_the_steepest_rise() -> None:
    t = np.linspace(0, 10e-6, 10_001)
    v = np.interp(t, [0, 1e-6, 1.2e-6, 10e-6], [0.1, 0.1, 1.1, 1.1])   # half way at 1.1 us
    i = v * (OFF + (ON - OFF) / (1 + np.exp(-np.clip((t - 5e-6) / 20e-9, -60, 60))))
    on, = events_of(t, v, i)
    event = SwitchingOn(on["t"], "D", 1, on["threshold"], on["current"], on["t_half"])
    assert event.delay == pytest.approx(3.9e-6, abs=2e-9)


def test_a_restless_current_switches_where_it_passes_half_of_what_it_reaches() -> None:
    t = np.linspace(0, 1e-3, 100_001)
    g = np.interp(t, [0, 500e-6, 540e-6, 1e-3], [OFF, OFF, ON, ON])   # half of ON near 520 us
    g = g * (1 + 0.05 * np.random.default_rng(1).standard_normal(t.size))
    v = np.interp(t, [0, 99.9e-6, 100.1e-6, 1e-3], [0, 0, 1, 1])
    on, = events_of(t, v, g * v, g=g)
    assert on["t"] - on["t_half"] == pytest.approx(420e-6, abs=3e-6)


def test_a_calm_filament_switches_at_its_steepest_rise_and_one_with_noise_at_half_of_its_current() -> None:
    """The rise is steepest at its end, at 3.1 us. Half of it has passed ln 2 time constants before."""
    t = np.linspace(0, 10e-6, 10_001)
    v = np.interp(t, [0, 1e-6, 1.2e-6, 10e-6], [0.0, 0.0, 1.0, 1.0])
    g = OFF + (ON - OFF) * np.exp(np.minimum(t - 3.1e-6, 0.0) / 200e-9)
    delays = []
    for calm in (True, False):
        found: list[dict[str, Any]] = []
        detector = SwitchingDetector(LEVELS, found.append, calm=calm)
        detector.see(t, v, g * v, g=g)
        detector.finish()
        delays.append(found[0]["t"] - 1.1e-6)
    assert delays[0] == pytest.approx(2.0e-6, abs=50e-9)
    assert delays[1] == pytest.approx(2.0e-6 - 200e-9 * np.log(2.0), abs=5e-9)


def test_relaxation_runs_from_half_of_the_edge_to_where_the_conductance_stays_below() -> None:
    found: list[dict[str, Any]] = []
    detector = RelaxationDetector(SwitchingLevels(1e-8, 3e-6, 3e-7, 1e-5), found.append)
    t = np.linspace(0, 0.1, 100_001)
    g = np.where(t < 0.01, 1e-10, 1e-4 * 10.0 ** (-np.clip(t - 0.02, 0, None) / 0.01))
    g = np.where((t > 0.0405) & (t < 0.0415), 2e-6, g)   # comes back once above 1e-6 S
    detector.see(t, g * np.where(t < 0.02, 1.0, 0.1), g)
    detector.finish()
    record, = found
    log = WitnessLog([{**record, "device": "D"}])
    relaxation, = log.relaxations()
    assert relaxation.edge == pytest.approx(0.02, abs=2e-6)
    assert relaxation.until(1e-5) == pytest.approx(0.01, rel=1e-2)
    assert relaxation.until(1e-6) == pytest.approx(0.0215, rel=1e-2)


def log_of(times: Any) -> WitnessLog:
    """Return a log with a switching on at each of ``times`` [s]."""
    return WitnessLog([
        {"kind": "on", "t": float(t), "device": "D", "polarity": 1, "threshold": 1.0, "current": 1e-5, "t_half": t}
        for t in np.asarray(times, float).tolist()])


def test_frequency_is_the_inverse_mean_interval() -> None:
    times = np.cumsum(np.random.default_rng(2).uniform(0.5e-6, 1.5e-6, 50))
    log = log_of(times)
    assert log.frequency() == pytest.approx(49 / (times[-1] - times[0]))
    assert log.frequency(times[10] - 1e-9, times[19] + 1e-9) == pytest.approx(9 / (times[19] - times[10]))
    assert log.frequency(times[3] - 1e-9, times[3] + 1e-9) is None


def test_a_device_switches_on_during_the_pulses_whose_events_are_in_them() -> None:
    starts = np.array([0.0, 1.0, 2.0, 3.0])
    assert log_of([0.05, 1.15, 3.02]).fired(starts, starts + 0.1).tolist() == [True, False, False, True]


@pytest.mark.parametrize(("left", "fires"), [(0.0, True), (0.09, True), (0.11, False), (1.0, False)])
def test_a_pulse_fires_if_the_device_is_off_as_it_begins_and_on_at_its_end(left: float, fires: bool) -> None:
    """Off: the conductance has made 90 % of the way from on to rest."""
    rested, on = np.array([OFF]), np.array([ON])
    assert pulses_fired(OFF + left * (ON - OFF) + 0 * on, on, rested, LEVELS) == [fires]
    assert pulses_fired(rested, 3 * rested, rested, LEVELS) == [False]   # it stays off
    unknown = np.array([np.nan])
    assert pulses_fired(unknown, on, unknown, LEVELS) == [True]   # nothing shows that it is on
    assert pulses_fired(unknown, on, rested, LEVELS) == [False]   # the device leaves no voltage for itself


def test_conductances_are_read_where_they_are_asked_for() -> None:
    """Through a resistor whose voltage is that of a pulse of the source."""
    circuit = build_circuit(parse_netlist("VG a 0 0\nR1 a b 1k\nXDUT b 0 resistor\n"),
                            device_models={"XDUT": device_model("resistor", {"r": 1e3})})
    watch = ConductanceWatch("XDUT", ("b", "0"))
    circuit.add_observer(watch)
    circuit.set_source("VG", PulseWaveform(0.0, 1.0, 1e-6, 1e-8, 1e-8, 1e-6, 1.0, 1))
    watch.ask([0.5e-6, 1.5e-6, 5e-6])
    circuit.advance(2e-6)
    assert watch.conductances() == pytest.approx([np.nan, 1e-3], nan_ok=True)   # no voltage before the pulse
    circuit.advance(6e-6)
    assert watch.conductances() == pytest.approx([np.nan, 1e-3, np.nan], nan_ok=True)
