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


def on(edge: float, time: float) -> dict[str, Any]:
    """Return the record of a switching on at a time, with the edge that the witness names."""
    return {**switching(edge, 0.0)[0], "t": time}


@pytest.mark.parametrize("named", [0.4003, 0.1, -3e8])
def test_a_switching_whose_edge_is_that_of_an_earlier_pulse_has_the_delay_in_its_own_pulse(named: float) -> None:
    """1 ms wide each 0.1 s. The fifth does not fire but is the highest, and the sixth fires after 0.2 ms."""
    starts = 0.1 * np.arange(10)
    delays = {k: 2e-4 + 1e-6 * k for k in range(10) if k != 4}
    records = [on(named if k == 5 else 0.1 * k + MESSAGE, 0.1 * k + MESSAGE + delay) for k, delay in delays.items()]
    run = run_of(time=starts, amplitude=np.full(10, 1.3), width=np.full(10, 1e-3), gap=np.where(starts > 0, 0.099, 0.0))
    found = true_value("switching_delay", result("switching_delay_mean", amplitude=1.3), run, WitnessLog(records))
    assert found == pytest.approx(np.mean(list(delays.values())), abs=1e-9)


def test_a_switching_between_the_pulses_belongs_to_none() -> None:
    starts = 0.1 * np.arange(4)
    records = [on(start + MESSAGE, start + MESSAGE + 2e-4) for start in starts[[0, 1, 3]]]
    records.insert(2, on(0.2 + MESSAGE, 0.25))
    run = run_of(time=starts, amplitude=np.full(4, 1.3), width=np.full(4, 1e-3), gap=np.where(starts > 0, 0.099, 0.0))
    found = true_value("switching_delay", result("switching_delay_mean", amplitude=1.3), run, WitnessLog(records))
    assert found == pytest.approx(2e-4, abs=1e-9)


def test_second_pulses_of_pairs_whose_first_did_not_fire_do_not_count() -> None:
    """The second pulse fires 1.1 ms after the edge of the first, by its own edge or by that of the first."""
    starts = 0.1 * np.arange(8) + 0.05
    records = [on(start + MESSAGE, start + MESSAGE + 2e-4) for start in starts]
    records[0] = on(starts[0] + MESSAGE + 1.1e-3, starts[0] + MESSAGE + 1.4e-3)
    records[4] = on(starts[4] + MESSAGE, starts[4] + MESSAGE + 1.4e-3)
    run = run_of(pair=np.arange(8), time=starts, amplitude=np.full(8, 1.0), width=np.full(8, 1e-3),
                 gap=np.full(8, 1e-4))
    found = true_value("switching_delay", result("switching_delay_mean", amplitude=1.0), run, WitnessLog(records))
    assert found == pytest.approx(2e-4, abs=1e-9)


def test_voltages_of_a_negative_half_sweep_are_negative() -> None:
    times = np.arange(8.0)
    run = run_of(time=times, cycle=np.ones(8), polarity=np.repeat([1.0, -1.0], 4))
    log = WitnessLog(switching(1.5, 0.1) + switching(5.5, 0.1, polarity=-1))
    for polarity, sign in (("+", 1.0), ("-", -1.0)):
        row = result("threshold_voltage", cycle=1, polarity=polarity)
        assert true_value("threshold_voltage", row, run, log) == sign
        assert true_value("hold_voltage", row, run, log) == 0.5 * sign


def test_the_event_of_the_half_sweep_before_is_not_that_of_this_one() -> None:
    """The device may switch in the positive half-sweep after its last reading."""
    run = run_of(time=np.arange(8.0), cycle=np.ones(8), polarity=np.repeat([1.0, -1.0], 4))
    late, next_one = switching(3.2, 0.1), switching(5.5, 0.1, polarity=-1)
    row = {name: result(name, cycle=1, polarity="-") for name in ("threshold_voltage", "hold_voltage")}
    assert true_value("threshold_voltage", row["threshold_voltage"], run, WitnessLog(late)) is None
    assert true_value("hold_voltage", row["hold_voltage"], run, WitnessLog(late)) is None
    assert true_value("threshold_voltage", row["threshold_voltage"], run, WitnessLog(late + next_one)) == -1.0


def test_a_frequency_is_that_of_the_record_of_the_bias() -> None:
    def record(bias: float, time: float) -> Any:
        return SimpleNamespace(conditions={"bias": bias}, time=time, t0=-0.5, dt=1e-3, codes=np.zeros((1, 1000)))

    run = run_of()
    run.waveforms = [record(1.8, 10.5), record(2.2, 12.5)]
    records = [r for k in range(10) for r in switching(10.05 + 0.1 * k, 1e-3) + switching(12.025 + 0.05 * k, 1e-3)]
    records += switching(11.001, 1e-3)   # behind the first record
    log = WitnessLog(sorted(records, key=lambda record: record["t"]))
    assert true_value("frequency", result("frequency", bias=1.8), run, log) == pytest.approx(10.0)
    assert true_value("frequency", result("frequency", bias=2.2), run, log) == pytest.approx(20.0)


def relaxation_run(*levels: float) -> Any:
    """Return four pulses of two amplitudes, read at 0.1 V through 1 kOhm, with relaxation times at these levels [A]."""
    run = run_of(time=[1.0, 2.0, 3.0, 4.0], amplitude=[0.5, 0.5, 0.7, 0.5])
    run.header.parameters = {"base": {"value": 0.1}}
    run.header.fixture = SimpleNamespace(path_resistance={"pulser": 1e3})
    run.results = [result("relaxation_time", amplitude=0.5, level=level) for level in levels]
    run.results += [result("relaxation_time", amplitude=0.5), result("relaxation_time", amplitude=0.7, level=1e-7)]
    return run


def relaxed(edge: float | None, after: float) -> dict[str, Any]:
    """Return the record of a filament that falls by a decade of conductance each ``after`` [s]."""
    start = 0.0 if edge is None else edge
    # 0.1 V behind 1 kOhm, whatever the run says of it
    levels = [[10.0 ** -(3 + k), start + after * k, 0.1 / (10.0 ** (3 + k) + 1e3)] for k in range(5)]
    return {"kind": "relaxed", "t": start + 5 * after, "device": "A1", "t_edge": edge, "g_edge": 1e-3,
            "current": 1e-4, "levels": levels}


def test_a_relaxation_time_is_the_median_of_the_pulses_of_the_amplitude_at_the_level_measured() -> None:
    """10 uA at 0.1 V behind 1 kOhm is 1/9 mS, about one decade below 1 mS."""
    log = WitnessLog([relaxed(1.1, 0.01), relaxed(2.1, 0.02), relaxed(3.1, 0.5), relaxed(4.1, 0.04),
                      relaxed(0.5, 0.7), relaxed(None, 0.8)])
    row = result("relaxation_time_median", amplitude=0.5)
    decades = np.log10(9.0)
    true = true_value("relaxation_time", row, relaxation_run(10e-6, 10e-6, 10e-6), log)
    assert true == pytest.approx(0.02 * decades, rel=1e-6)
    assert true_value("relaxation_time", row, relaxation_run(), log) is None
    assert true_value("relaxation_time", row, relaxation_run(8e-6, 10e-6), log) is None   # of two
    assert true_value("relaxation_time", row, relaxation_run(*[99e-6] * 3), log) is None   # above all levels


def test_the_refractory_period_is_a_property_of_the_device() -> None:
    found = true_value("refractory_period", result("refractory_period"), run_of(), WitnessLog([]))
    assert found is not None and 1e-7 < found < 1.0
