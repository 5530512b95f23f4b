"""What the demo puts beside an extracted number: the events of that number's own pulses, sweeps and records."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.demo.truth import true_value
from tsbench.records import Result
from tsbench.simulated_backends.witness.log import WitnessLog

MESSAGE = 0.3e-3  #: [s] by which a train comes up after the time that the run gives it


def switching(edge: float, delay: float, polarity: int = 1) -> list[dict[str, Any]]:
    """Return the records of one switching on and off."""
    return [
        {"kind": "on", "t": edge + delay, "device": "D1", "polarity": polarity, "threshold": 1.0, "current": 1e-4,
         "t_half": edge},
        {"kind": "off", "t": edge + 0.9e-6, "device": "D1", "polarity": polarity, "hold": 0.5, "current": 1e-4,
         "duration": 1e-6, "charge": 0.0, "energy": 0.0, "max_current": 0.0, "max_power": 0.0},
    ]


def run_of(**columns: Any) -> Any:
    """Return what the truth asks of a run: its columns."""
    values = {name: np.asarray(column, float) for name, column in columns.items()}
    return SimpleNamespace(
        column=values.__getitem__, header=SimpleNamespace(columns=[SimpleNamespace(name=name) for name in values]))


def result(quantity: str, **conditions: Any) -> Result:
    """Return a row of which the truth looks at quantity and conditions only."""
    return Result(quantity, "", 0.0, 0.0, 0.0, "", conditions)


@pytest.mark.parametrize("order", [(1.3, 1.15, 1.6), (1.6, 1.3, 1.15)])
def test_each_amplitude_of_a_train_has_the_delays_of_its_own_pulses(order: tuple[float, ...]) -> None:
    """Behind a probe pulse at each amplitude; every pulse switches twice, and one of each train does not fire."""
    delay = {1.3: 39e-9, 1.15: 75e-9, 1.6: 20e-9}
    starts, amplitudes, gaps, records = [], [], [], []
    for number, amplitude in enumerate(order):
        first = 0.03 * (number + 1)
        records += switching(first - 8e-3, 5e-9)   # the probe
        for pulse in range(5):
            starts.append(first + 50e-6 * pulse)
            amplitudes.append(amplitude)
            gaps.append(49e-6 if pulse else 0.0)
            if pulse != 2:
                edge = starts[-1] + MESSAGE
                records += switching(edge, delay[amplitude] + 1e-9 * pulse) + switching(edge, 700e-9)
    run = run_of(time=starts, amplitude=amplitudes, width=np.full(15, 1e-6), gap=gaps)
    log = WitnessLog(records)
    for amplitude in order:
        found = true_value("switching_delay", result("switching_delay_mean", amplitude=amplitude, pulses=4), run, log)
        assert found == pytest.approx(delay[amplitude] + 2e-9, abs=1e-10)
    assert true_value("switching_delay", result("switching_delay_mean", amplitude=1.3), run, WitnessLog([])) is None


def test_first_pulses_of_pairs_are_those_of_the_amplitude() -> None:
    times = np.arange(6) * 0.1 + 0.05
    amplitudes = np.repeat([1.0, 2.0], 3)
    records = [r for t, a in zip(times, amplitudes, strict=True) for r in switching(t, 1e-6 / a)]
    run = run_of(
        pair=np.arange(6), time=times - 1e-6, amplitude=amplitudes, width=np.full(6, 1e-4), gap=np.full(6, 1e-3))
    for amplitude in (1.0, 2.0):
        row = result("switching_delay_mean", amplitude=amplitude)
        assert true_value("switching_delay", row, run, WitnessLog(records)) == pytest.approx(1e-6 / amplitude)


def test_voltages_of_a_negative_half_sweep_are_negative() -> None:
    times = np.arange(8.0)
    run = run_of(time=times, cycle=np.ones(8), polarity=np.repeat([1.0, -1.0], 4))
    log = WitnessLog(switching(1.5, 0.1) + switching(5.5, 0.1, polarity=-1))
    for polarity, sign in (("+", 1.0), ("-", -1.0)):
        row = result("threshold_voltage", cycle=1, polarity=polarity)
        assert true_value("threshold_voltage", row, run, log) == sign
        assert true_value("hold_voltage", row, run, log) == 0.5 * sign
