"""What the Ag/SiO2 device does, as distributions: one parameter set for threshold, hold, delay, relaxation, firing."""

import dataclasses
from functools import cache

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import PulseWaveform
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments import experiments
from tsbench.simulated_backends.studies.filaments.experiments import FilamentPulse
from tsbench.simulated_backends.studies.filaments.runs import Surroundings, levels

SWEEP = "R1 smu dut 2\nC0 smu 0 20p\nC1 dut 0 80p\nX1 dut low device\nR2 low 0 10k\nC2 low 0 20p"
PULSES = "V1 in 0 0\nR1 in dut 100k\nC1 dut 0 80p\nX1 dut low device\nR2 low 0 10k\nC2 low 0 20p"


RAMP = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.6, *np.arange(0.7, 1.4, 0.01)])  #: [V] 10 mV steps where it matters
DOWN = np.array([1.0, 0.6, 0.4, 0.3, 0.25, 0.2, 0.16, 0.12, 0.08, 0.04, 0.02])


class States:
    """Records time, s, device voltage and current."""

    def __init__(self, circuit: Circuit) -> None:
        self.parts: list[tuple[FloatArray, ...]] = []
        circuit.add_observer(self)  # type: ignore[arg-type]

    def observe(self, segment: RecordedTrajectory) -> None:
        t = segment.times
        v = segment.voltage("dut", t) - segment.voltage("low", t)
        self.parts.append((t, segment.state("X1", 0, t), v, segment.current("X1", t)))

    def arrays(self) -> list[FloatArray]:
        return [np.concatenate(parts) for parts in zip(*self.parts, strict=True)]


def half_sweep(circuit: Circuit, levels: FloatArray, dwell: float, compliance: float = 1e-5) -> tuple[float, float]:
    """Sweep up to and back down; return (highest voltage before switching on, lowest before switching off)."""
    states = States(circuit)
    stage = dataclasses.replace(IDLE_STAGE, limit=compliance)
    for level in (*levels, *np.sign(levels[-1]) * DOWN):
        circuit.set_stage("smu", dataclasses.replace(stage, level=float(level)))
        circuit.advance(circuit.time + dwell)
    if dwell < 1e-3:   # faster than a filament dissolves
        circuit.set_stage("smu", dataclasses.replace(stage, level=0.0))
        circuit.advance(circuit.time + 0.05)
    circuit.remove_observer(states)  # type: ignore[arg-type]
    _, s, v, _ = states.arrays()
    on = np.flatnonzero(s > 1)
    assert on.size and on[0] > 0, "the device did not switch"
    assert s[-1] < -10, "the device is still on after the sweep"
    top = on[0] + int(np.argmax(abs(v[on[0]: on[-1]])))
    return float(abs(v[: on[0]]).max()), float(abs(v[top: on[-1]]).min())


@cache
def thresholds(dwell: float, count: int, sign: int = 1) -> FloatArray:
    """Return threshold and hold of half-sweeps with 10 mV steps, shape (count, 2)."""
    circuit = build_circuit(
        parse_netlist(SWEEP, terminals=["smu"]), {"X1": device_model("ag_sio2", {"seed": 11})}, stages=[("smu", "smu")])
    return np.array([half_sweep(circuit, sign * RAMP, dwell) for _ in range(count)])


@pytest.mark.thorough
def test_threshold_of_the_review_and_spread_of_measured_devices() -> None:
    """Mean 1.0 V within 10 %, sigma/mean 3 to 13 %, hold well below; successive cycles are nearly independent."""
    threshold, hold = thresholds(0.01, 20).T
    assert threshold.mean() == pytest.approx(1.0, rel=0.05)
    assert 0.03 < threshold.std(ddof=1) / threshold.mean() < 0.13
    assert (hold < 0.4 * threshold.min()).all()
    assert (hold > 0.02).all()
    assert abs(np.corrcoef(threshold[1:], threshold[:-1])[0, 1]) < 3 / 20**0.5   # as of independent ones


@pytest.mark.thorough
def test_symmetric_in_polarity() -> None:
    positive, negative = thresholds(0.01, 20)[:, 0], thresholds(0.01, 12, -1)[:, 0]
    error = np.hypot(positive.std() / np.sqrt(20), negative.std() / np.sqrt(12))
    assert abs(positive.mean() - negative.mean()) < 4 * error


@pytest.mark.thorough
def test_threshold_rises_a_little_with_the_ramp_rate() -> None:
    slow, fast = thresholds(0.01, 20)[:, 0], thresholds(0.0001, 20)[:, 0]
    assert 0.0 < fast.mean() - slow.mean() < 0.15


def test_off_current_is_small_and_on_resistance_of_kilohms() -> None:
    circuit = build_circuit(
        parse_netlist(SWEEP, terminals=["smu"]), {"X1": device_model("ag_sio2", {"seed": 2})}, stages=[("smu", "smu")])
    for compliance, lowest, highest in ((1e-6, 0.0, 1e6), (1e-5, 5e3, 5e4), (1e-4, 5e2, 5e3), (1e-3, 20.0, 1e3)):
        stage = dataclasses.replace(IDLE_STAGE, limit=compliance, level=0.5)
        circuit.set_stage("smu", stage)
        circuit.advance(circuit.time + 10.0)   # a filament of 1 mA takes seconds to dissolve
        if compliance == 1e-6:
            assert 1e-13 < circuit.current("X1") < 1e-9
        circuit.set_stage("smu", dataclasses.replace(stage, level=40.0 if compliance > 5e-5 else 1.5))
        circuit.advance(circuit.time + 0.05)
        if compliance > 1e-6:
            assert circuit.current("X1") == pytest.approx(compliance, rel=0.05)
            assert lowest < (circuit.voltage("dut") - circuit.voltage("low")) / compliance < highest
        circuit.set_stage("smu", dataclasses.replace(stage, level=0.0))
        circuit.advance(circuit.time + 10.0)


# ------------------------------------------------------------------------------------------- pulses


@dataclasses.dataclass(frozen=True)
class PairTrials:
    """What happened in trials of two equal pulses, one entry per trial; NaN where a pulse did not fire."""

    first_delay: FloatArray  #: [s] from the middle of the rise to switching on
    relaxation: FloatArray  #: [s] from the middle of the first fall to switching off; inf: on until the second pulse
    second_delay: FloatArray

    @property
    def first_fired(self) -> np.ndarray:
        return np.isfinite(self.first_delay)

    @property
    def second_fired(self) -> np.ndarray:
        return np.isfinite(self.second_delay)


WIDTH, BEFORE = 1e-3, 1e-4


@cache
def trials(total: float = 1.3, count: int = 400, gap: float = 20e-3) -> PairTrials:
    """Return trials of pulses of 1 ms to ``total`` [V] from a read bias of 0.1 V, each from rest on its own path."""
    model = device_model("ag_sio2")
    assert isinstance(model, SilverFilament)
    pulse = FilamentPulse(total, WIDTH, 0.1)
    segments = levels(*pulse.segments(BEFORE, 0.5 * gap), *pulse.segments(0.5 * gap, 2.0 * BEFORE))
    found = np.full((3, count), np.nan)
    second = BEFORE + WIDTH + gap
    around = Surroundings(100e3, 80e-12, 10e3, above=1e-6, below=1e-7)
    for k, one in enumerate(experiments.trials(model, around, segments, count)):
        first = one.start < BEFORE + WIDTH
        if first.any():
            found[0, k] = one.start[0] - BEFORE
            off = one.end[first][-1]
            found[1, k] = off - BEFORE - WIDTH if off < second else np.inf
        again = one.start[one.start > second]
        if again.size and again[0] < second + WIDTH:
            found[2, k] = again[0] - second
    return PairTrials(*found)


def test_delay_at_1_3_times_the_threshold() -> None:
    delay = trials().first_delay
    assert trials().first_fired.mean() > 0.99
    assert 10e-6 < np.nanmedian(delay) < 500e-6
    assert 0.2 < np.nanstd(delay) / np.nanmean(delay) < 0.5


def test_delay_and_its_probability_depend_on_the_amplitude() -> None:
    low, middle, high = trials(0.9, 100), trials(1.1, 200), trials(1.8, 200)
    assert low.first_fired.mean() < 0.2
    assert 0.5 < middle.first_fired.mean() < 1.0
    assert np.nanmedian(high.first_delay) < np.nanmedian(trials().first_delay) < np.nanmedian(middle.first_delay)


def test_relaxation() -> None:
    life = trials().relaxation
    life = life[np.isfinite(life)]
    assert 0.1e-3 < np.median(life) < 10e-3
    assert 0.15 < np.log(life).std() < 0.27


def test_the_residue_shortens_the_next_delay() -> None:
    soon = trials(gap=8e-3)
    ratio = np.nanmean(soon.second_delay) / np.nanmean(soon.first_delay)
    assert 0.8 < ratio < 0.99


def test_a_second_pulse_fires_when_the_filament_has_dissolved() -> None:
    """P(second | first) grows from nothing to its plateau; half of it near the median relaxation time."""
    median = float(np.median(trials().relaxation))
    gaps = median * np.geomspace(0.6, 1.7, 8)
    fired = np.array([t.second_fired[t.first_fired].mean() for t in (trials(1.3, 80, float(gap)) for gap in gaps)])
    assert trials().second_fired[trials().first_fired].mean() > 0.97
    half = float(np.exp(np.interp(0.5, np.maximum.accumulate(fired), np.log(gaps))))
    assert half == pytest.approx(median, rel=0.15)
    assert not trials(1.3, 40, 0.2e-3).second_fired.any()


def test_engine_and_fast_runs_agree() -> None:
    """Two integrators that share nothing but the device's equations."""
    circuit = build_circuit(parse_netlist(PULSES), {"X1": device_model("ag_sio2", {"seed": 5})})
    circuit.set_source("V1", PulseWaveform(0.1, 1.3, 10e-3, 1e-6, 1e-6, 1e-3, 60e-3, 120))
    states = States(circuit)
    circuit.advance(120 * 60e-3)
    t, s, _, _ = states.arrays()
    up, down = np.flatnonzero((s[:-1] <= 1) & (s[1:] > 1)), np.flatnonzero((s[:-1] >= -1) & (s[1:] < -1))
    edges = 10e-3 + 0.5e-6 + 60e-3 * np.arange(120)
    delay = np.array([t[up[(t[up] > e) & (t[up] < e + 1e-3)][0]] - e for e in edges])
    life = np.array([t[down[(t[down] > e) & (t[down] < e + 50e-3)][-1]] - e - 1e-3 for e in edges])
    for engine, found in ((delay, trials().first_delay), (life, trials().relaxation)):
        other = found[np.isfinite(found)]
        error = 1.25 * np.std(np.log(other)) * np.sqrt(1 / engine.size + 1 / other.size)   # of the medians' logarithm
        assert abs(np.log(np.median(engine) / np.median(other))) < 4 * error
        assert np.std(np.log(engine)) == pytest.approx(np.std(np.log(other)), rel=0.35)


# ------------------------------------------------------------------------------------------- wafer


def test_every_value_says_where_it_comes_from() -> None:
    entry = catalogue()["ag_sio2"]
    assert all(p.mark in "FKAT" and p.source for p in entry.parameters)
    assert {p.mark for p in entry.parameters} <= {"A", "T"}   # nothing of this set is published
    assert entry.unknown


def test_specimens_differ_and_come_back() -> None:
    entry = catalogue()["ag_sio2"]
    wafer = [entry.specimen(7, f"D{k}") for k in range(200)]
    assert entry.specimen(7, "D3") == wafer[3]
    vst = np.array([d.vst for d in wafer if isinstance(d, SilverFilament)])
    assert 0.03 < vst.std() / vst.mean() < 0.08


def test_seeds_of_a_world_make_their_own_paths() -> None:
    model = device_model("ag_sio2")
    devices = {model.seeded(world, name) for world in (1, 2) for name in ("A1", "A2")}
    assert len(devices) == 4
    assert model.seeded(1, "A1") == model.seeded(1, "A1")
