"""Many silver filaments swept at once: each is itself, and their thresholds are those of the circuit engine."""

import dataclasses

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.batch import ON, read_off, sweep_many
from tsbench.simulated_backends.studies.filaments.experiments import HalfSweeps

SWEEPS = HalfSweeps(1.4, 0.01, 0.5e-3, 1e-5, 50e-3, resistance=2.0)   # rest: ten lives of a filament


def devices(count: int) -> list[SilverFilament]:
    made = [catalogue()["ag_sio2"].specimen(1, f"D{k}").seeded(1, k) for k in range(count)]
    assert all(isinstance(m, SilverFilament) for m in made)
    return made  # type: ignore[return-value]


def test_a_device_is_itself_whatever_is_swept_beside_it_and_on_any_number_of_threads() -> None:
    together = sweep_many(devices(6), SWEEPS, 3, threads=1)
    again = sweep_many(devices(6), SWEEPS, 3, threads=2)
    alone = sweep_many(devices(6)[4:5], SWEEPS, 3)
    assert np.array_equal(together.threshold, again.threshold) and np.array_equal(together.hold, again.hold)
    assert np.array_equal(together.threshold[4:5], alone.threshold)
    assert np.isfinite(together.threshold).all() and np.isfinite(together.hold).all()
    assert len(set(together.threshold.reshape(-1))) > 6   # from device to device and from cycle to cycle


def by_engine(model: SilverFilament, cycles: int) -> np.ndarray:
    """Return thresholds of the same staircase by the circuit engine with a source meter's output stage."""
    circuit = build_circuit(
        parse_netlist("R1 smu dut 2\nC1 dut 0 100p\nX1 dut 0 device", terminals=["smu"]), {"X1": model},
        stages=[("smu", "smu")])
    stage = dataclasses.replace(IDLE_STAGE, limit=SWEEPS.compliance)
    voltage = SWEEPS.voltages()
    current = np.zeros((cycles, voltage.size))
    for cycle in range(cycles):
        circuit.set_stage("smu", stage)
        circuit.advance(circuit.time + SWEEPS.rest)
        for k, level in enumerate(voltage):
            circuit.set_stage("smu", dataclasses.replace(stage, level=float(level)))
            circuit.advance(circuit.time + SWEEPS.dwell)
            current[cycle, k] = circuit.current("X1")
    return read_off(np.tile(voltage, (cycles, 1)), current, ON * SWEEPS.compliance)[0]


def test_thresholds_are_those_of_the_circuit_engine() -> None:
    """On the same paths, seen through other pieces of them: nearer to each other than any two cycles, and no bias."""
    some = devices(5)
    batch = sweep_many(some, SWEEPS, 2).threshold
    engine = np.array([by_engine(model, 2) for model in some])
    difference = (batch - engine).reshape(-1)
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    print(f"batch {batch.mean():.4f} +- {batch.std():.4f} V, engine {engine.mean():.4f} +- {engine.std():.4f} V, "
          f"difference {difference.mean():.4f} +- {error:.4f} V")
    assert abs(difference.mean()) < 3 * error + 0.5 * SWEEPS.step
    assert np.median(abs(difference)) < 0.5 * batch.std()
    assert batch.std() == pytest.approx(engine.std(), rel=0.5)   # 10 values: 22 % each


def test_reading_off() -> None:
    voltage = np.tile([1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 0.0], (4, 1))
    current = np.array([
        [0, 9, 9, 9, 9, 0, 0], [0, 0, 0, 0, 0, 0, 0], [0, 0, 9, 9, 9, 9, 9], [0, 0, -9, -9, 0, 0, 0]], float)
    threshold, hold = read_off(voltage, current, 5.0)
    assert np.array_equal(threshold, [2.0, np.nan, 3.0, 3.0], equal_nan=True)
    assert np.array_equal(hold, [2.0, np.nan, np.nan, 3.0], equal_nan=True)


def test_reading_off_the_other_polarity_and_at_the_level() -> None:
    """A device is on above the level: not at it; here from -2 V on the way up to -1 V on the way down."""
    voltage = -np.array([[1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 0.0]])
    threshold, hold = read_off(voltage, -np.array([[5.0, 5.1, 9.0, 9.0, 9.0, 5.1, 5.0]]), 5.0)
    assert threshold.tolist() == [-2.0] and hold.tolist() == [-1.0]
    threshold, hold = read_off(voltage, np.array([[5.0, 5.0, 5.0, 9.0, 5.0, 5.0, 5.0]]), 5.0)
    assert np.isnan(threshold).all() and hold.tolist() == [-3.0]


def test_nothing_to_sweep() -> None:
    with pytest.raises(ConfigurationError, match="Both numbers must be at least 1"):
        sweep_many([], SWEEPS, 1)
    with pytest.raises(ConfigurationError, match="0 cycles"):
        sweep_many(devices(1), SWEEPS, 0)
