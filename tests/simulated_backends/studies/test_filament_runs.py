"""The fast runs of one filament against the circuit engine, path by path: two integrators, the same noise."""

import dataclasses
from functools import cache

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.circuit.engine import PiecewiseLinear, PulseWaveform
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.experiments import (
    FilamentNeuron,
    FilamentPulse,
    HalfSweeps,
    fired_of_pairs,
    half_sweeps,
    peaks_of_single_pulses,
    pulse_shots,
)
from tsbench.simulated_backends.studies.filaments.runs import Surroundings, levels, run

PULSES = "V1 in 0 0\nR1 in dut 100k\nC1 dut 0 80p\nX1 dut low device\nR2 low 0 10k"
SWEEP = "R1 smu dut 2\nC1 dut 0 100p\nX1 dut 0 device"
ABOVE, BELOW = 1e-6, 1e-7  #: [A] on and off of the pulses
BEFORE, WIDTH, AFTER = 1e-3, 1e-3, 18e-3


def silver(seed: float = 0.0) -> SilverFilament:
    """The device."""
    model = device_model("ag_sio2", {"seed": seed})
    assert isinstance(model, SilverFilament)
    return model


def by_engine(seed: int) -> tuple[float, float]:
    """Delay and relaxation [s] of one pulse by the circuit engine, at current levels."""
    circuit = build_circuit(parse_netlist(PULSES), {"X1": silver(seed)})
    circuit.set_source("V1", PulseWaveform(0.1, 1.4, BEFORE - 0.5e-6, 1e-6, 1e-6, WIDTH, 1.0, 1))
    parts: list[tuple[np.ndarray, np.ndarray]] = []

    class Current:
        def observe(self, segment: RecordedTrajectory) -> None:
            times = segment.times
            parts.append((times, segment.current("X1", times)))

    circuit.add_observer(Current())  # type: ignore[arg-type]
    circuit.advance(BEFORE + WIDTH + AFTER)
    t, i = (np.concatenate(part) for part in zip(*parts, strict=True))
    return t[np.flatnonzero(i > ABOVE)[0]] - BEFORE, t[np.flatnonzero(i > BELOW)[-1]] - BEFORE - WIDTH


def test_delay_and_relaxation_of_the_same_paths() -> None:
    around = Surroundings(100e3, 80e-12, 10e3, above=ABOVE, below=BELOW)
    segments = levels(*FilamentPulse(1.4, WIDTH, 0.1).segments(BEFORE, AFTER))
    for seed in range(1, 9):
        found = run(silver(seed), around, segments)
        delay, relaxation = by_engine(seed)
        assert found.start[0] - BEFORE == pytest.approx(delay, rel=0.03, abs=1e-6)
        assert found.end[-1] - BEFORE - WIDTH == pytest.approx(relaxation, rel=0.02, abs=5e-6)


STEP = "V1 in 0 0\nR1 in dut 10k\nC1 dut 0 {:g}\nX1 dut 0 device"
SILVER = ("ag_sio2", "ag_sioxny", "ag_diffusive_asymmetric", "ag_diffusive_symmetric", "ag_nanowire", "mos2_ag")


@pytest.mark.parametrize("share", [0.9, 0.05])
@pytest.mark.parametrize("name", SILVER)
def test_delay_after_an_abrupt_level_where_the_node_is_quicker_than_the_device(name: str, share: float) -> None:
    """Without noise, so that nothing but the voltage of the node ends the first step; ``share`` of what is settled."""
    model = device_model(name, {"hg": 0.0, "hn": 0.0, "sigma": 0.0})
    assert isinstance(model, SilverFilament)
    resistance, level = 1e4, 2.0 * model.vst
    capacitance = share * 1e-3 / (model.klim * model.faster) / resistance
    on = 0.5 * model.vst / (resistance + 1.0 / model.gc)
    span = 50.0 * model.span / model.klim
    circuit = build_circuit(parse_netlist(STEP.format(capacitance)), {"X1": model})
    circuit.set_source("V1", PiecewiseLinear(np.array([0.0, 1e-12]), np.array([0.0, level])))
    passed: list[float] = []

    class Current:
        def observe(self, segment: RecordedTrajectory) -> None:
            times = segment.times
            passed.extend(times[segment.current("X1", times) > on])

    circuit.add_observer(Current())  # type: ignore[arg-type]
    circuit.advance(span)
    found = run(model, Surroundings(resistance, capacitance, above=on, below=0.5 * on), levels((span, level)))
    assert found.start[0] == pytest.approx(passed[0], rel=0.02)


def test_charge_of_a_quick_node_is_in_the_current_of_the_source() -> None:
    """A capacitor far below threshold takes C V, also where it is charged within one step."""
    capacitance = 1e-13
    around = Surroundings(1e4, capacitance)
    model = device_model("ag_sio2", {"hg": 0.0, "hn": 0.0, "sigma": 0.0})
    assert isinstance(model, SilverFilament)
    found = run(model, around, levels((1e-6, 0.3)), aperture=1.0)
    charge = found.source_current[0] * 1e-6 - 0.3 * 1e-6 * model.gleak
    assert charge / capacitance == pytest.approx(0.3, rel=0.01)


def test_threshold_of_a_sweep_on_the_same_paths() -> None:
    """The engine's source meter has its own loops, so the device sees a step some microseconds later."""
    sweeps = HalfSweeps(1.3, 0.01, 2e-3, 1e-5, 10e-3, resistance=2.0)
    same = 0
    for seed in range(1, 7):
        circuit = build_circuit(
            parse_netlist(SWEEP, terminals=["smu"]), {"X1": silver(seed)}, stages=[("smu", "smu")])
        stage = dataclasses.replace(IDLE_STAGE, limit=sweeps.compliance)
        circuit.set_stage("smu", stage)
        circuit.advance(sweeps.rest)
        switched = 0.0
        for level in sweeps.voltages():
            circuit.set_stage("smu", dataclasses.replace(stage, level=float(level)))
            circuit.advance(circuit.time + sweeps.dwell)
            if circuit.current("X1") > 1e-7:
                switched = float(level)
                break
        voltage, current = half_sweeps(silver(seed), sweeps, 1)
        first = int(np.argmax(current[0] > 1e-7))
        same += abs(voltage[0, first] - switched) < 0.011
    assert same >= 5


def test_source_gives_no_more_than_its_limit_and_ohms_law_holds_at_rest() -> None:
    around = Surroundings(1e3, 100e-12, limit=1e-5)
    found = run(silver(3), around, levels((1e-3, 0.5), (50e-3, 1.6), (5e-3, 0.0)))
    assert found.source_current[1] == pytest.approx(1e-5, rel=1e-3)
    assert found.source_current[0] == pytest.approx(0.5 * silver().gleak, rel=0.2)
    assert abs(found.source_current[2]) < 1e-9
    assert 0.0 < found.node_voltage[1] < 0.4


def test_bitwise_the_same_again_and_another_path_with_another_seed() -> None:
    around = Surroundings(100e3, 80e-12, 10e3)
    segments = levels((1e-3, 1.3))
    first, again, other = (run(silver(seed), around, segments).states for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first[0] != other[0]


def test_a_run_goes_on_from_where_another_ended() -> None:
    around = Surroundings(100e3, 80e-12, 10e3)
    begun = run(silver(4), around, levels((0.5e-3, 1.3)))
    rest = run(silver(4), around, levels((1e-2, 0.1)), states=begun.states, start=0.5e-3)
    whole = run(silver(4), around, levels((0.5e-3, 1.3), (1e-2, 0.1)))
    assert rest.states[:2] == pytest.approx(whole.states[:2], rel=0.03)


@cache
def neuron() -> FilamentNeuron:
    """An integrate-and-fire circuit."""
    return FilamentNeuron(4.7e6, 330e-12, 10e3, 10e-3)


def test_pulses_below_threshold_are_silent_and_above_fire_once() -> None:
    quiet = peaks_of_single_pulses(silver(), neuron(), FilamentPulse(0.7, 5e-3), 20)
    loud = peaks_of_single_pulses(silver(), neuron(), FilamentPulse(2.0, 5e-3), 20)
    assert not any(peaks.size for peaks in quiet)
    assert all(peaks.size and peaks.max() > 0.08 for peaks in loud)


def test_pairs_count_the_second_pulse_only_when_the_device_has_come_back() -> None:
    pulse = FilamentPulse(2.0, 2.5e-3)
    soon, late = (fired_of_pairs(silver(), neuron(), pulse, gap, 0.08, 20) for gap in (20e-6, 30e-3))
    assert soon[0] >= 16 and late[0] >= 16
    assert soon[1] <= 0.4 * soon[0]
    assert late[1] >= 0.8 * late[0]


def test_shots_that_do_not_fire_are_nan() -> None:
    shots = pulse_shots(silver(), Surroundings(100e3, 80e-12), FilamentPulse(0.6, 1e-3), 5e-3, 5)
    assert not shots.fired.any()
    assert np.isnan(shots.relaxation).all()


@pytest.mark.parametrize(
    ("change", "named"), [({"resistance": 0.0}, "resistance"), ({"below": 1.0}, "below"), ({"shunt": -1.0}, "shunt")])
def test_impossible_surroundings_are_refused(change: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        dataclasses.replace(Surroundings(1e3, 1e-12), **change)


def test_impossible_segments_are_refused() -> None:
    around = Surroundings(1e3, 1e-12)
    with pytest.raises(ConfigurationError, match="duration"):
        run(silver(), around, levels((0.0, 1.0)))
    with pytest.raises(ConfigurationError, match="finite"):
        run(silver(), around, levels((1.0, float("nan"))))
    with pytest.raises(ConfigurationError, match="step"):
        HalfSweeps(0.1, 0.2, 1e-3, 1e-6, 1e-3).voltages()
