"""Devices that change in a circuit: from cycle to cycle, by wear, by currents, by telegraph noise."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.changes import schmitt
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, Repetition, Segment
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.fluctuations import Telegraph
from tsbench.simulated_backends.life.history import DeviceHistory
from tsbench.simulated_backends.studies.batch import Crossing, run_batch

OSCILLATOR = (Path(__file__).parents[3] / "examples" / "oscillator.cir").read_text("utf-8")
NBO2 = device_model("nbo2")
SWEPT = "V1 in 0 0\nR1 in dut 2k\nC1 dut 0 1p\nXDUT dut low device\nR2 low 0 50"


class Record:
    """Keeps what happens to the voltage at the device."""

    def __init__(self, circuit: Circuit, node: str = "dut") -> None:
        self.node, self.times, self.values, self.skipped = node, [], [], 0
        circuit.add_observer(self)

    def observe(self, segment: Segment) -> None:
        if isinstance(segment, Repetition):
            self.skipped += segment.count
            return
        self.times.append(segment.times)
        self.values.append(segment.voltage(self.node, segment.times))

    def arrays(self) -> tuple[FloatArray, FloatArray]:
        return np.concatenate(self.times), np.concatenate(self.values)


def periods(times: FloatArray, values: FloatArray, level: float) -> FloatArray:
    """Return the times between downward crossings of ``level`` [s]."""
    down = np.flatnonzero((values[:-1] > level) & (values[1:] <= level))
    share = (values[down] - level) / (values[down] - values[down + 1])
    return np.diff(times[down] + share * (times[down + 1] - times[down]))


def oscillate(history: DeviceHistory | None, steps: list[float]) -> tuple[Circuit, Record]:
    circuit = build_circuit(parse_netlist(OSCILLATOR))
    circuit.set_device("XDUT", NBO2, {}, None, history)
    record = Record(circuit)
    for until in steps:
        circuit.advance(until, skip=False)
    return circuit, record


@pytest.mark.thin(2)
@pytest.mark.parametrize("noise", [(), (Telegraph("as_", 0.05, 1e-6, 1e-6),)], ids=["cycles", "and telegraph"])
def test_who_looks_when_changes_nothing(noise: tuple[Telegraph, ...]) -> None:
    statistics = CycleStatistics(spread={"as_": 0.03}, persistence=0.4)
    ends = []
    for steps in ([20e-6], list(np.linspace(0, 20e-6, 700)[1:]), [*np.sort(np.random.default_rng(1).random(300)) * 2e-5,
                                                                  20e-6]):
        history = DeviceHistory(NBO2, statistics, noise, [5])
        circuit, _ = oscillate(history, steps)
        ends.append((circuit.unknowns().tobytes(), history.cycles, history.model))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][1] > 70


def test_a_change_of_the_bench_between_looks_is_the_same_however_far_the_integrator_was_ahead() -> None:
    ends = []
    for last in (5.0300e-6, 5.0301e-6, 4.9e-6):   # the integrator has passed the instant of the change by various steps
        history = DeviceHistory(NBO2, CycleStatistics(spread={"as_": 0.03}), seed=[5])
        circuit, _ = oscillate(history, [min(last, 5.03e-6), 5.03e-6])
        circuit.set_source("Vbias", Constant(2.4))
        circuit.advance(15e-6, skip=False)
        ends.append((circuit.unknowns().tobytes(), history.cycles))
    assert ends[0] == ends[1] == ends[2]


def test_cycles_without_spread_are_the_cycles_of_the_plain_device() -> None:
    _, plain = oscillate(None, [20e-6])
    history = DeviceHistory(NBO2, CycleStatistics())
    _, watched = oscillate(history, [20e-6])
    alone, with_history = (periods(*record.arrays(), 0.95)[5:] for record in (plain, watched))
    assert history.cycles in (alone.size + 5, alone.size + 6, alone.size + 7)
    assert with_history.mean() == pytest.approx(alone.mean(), rel=2e-5)   # each restart costs some of rtol 1e-6


def test_each_cycle_has_the_parameters_drawn_for_it() -> None:
    """A period ends the discharge of one cycle and charges to the threshold of the next: it follows both draws.

    ln(period) is nearly linear in both, and where both move together the sum is that of a lasting change, which two
    oscillations without any history tell.
    """
    sigma = 0.01
    lasting = []
    for factor in (np.exp(-sigma), np.exp(sigma)):
        circuit = build_circuit(parse_netlist(OSCILLATOR), {"XDUT": NBO2.with_parameters({"as_": NBO2.as_ * factor})})
        record = Record(circuit)
        circuit.advance(20e-6, skip=False)
        lasting.append(np.log(periods(*record.arrays(), 0.95)[5:].mean()))
    statistics = CycleStatistics(spread={"as_": sigma})
    _, record = oscillate(DeviceHistory(NBO2, statistics, seed=[2]), [60e-6])
    found = np.log(periods(*record.arrays(), 0.95))
    twin, drawn = DeviceHistory(NBO2, statistics, seed=[2]), []
    for _ in range(found.size + 1):
        drawn.append(np.log(twin.model.parameters()["as_"] / NBO2.as_))
        twin.switched_off(1e-4)
    x = np.column_stack([np.ones(found.size), drawn[:-1], drawn[1:]])
    solution, residual, _, _ = np.linalg.lstsq(x[3:], found[3:])
    explained = 1.0 - float(residual[0]) / (found[3:].size * found[3:].var())
    assert explained > 0.99
    assert abs(solution[2]) > 0.3   # the threshold of this cycle does show
    assert solution[1] + solution[2] == pytest.approx((lasting[1] - lasting[0]) / (2 * sigma), rel=0.05)


@pytest.mark.thorough
def test_no_period_is_skipped_where_cycles_differ_and_between_jumps_they_are() -> None:
    for history, skips in (
        (DeviceHistory(NBO2, CycleStatistics(spread={"as_": 0.01})), False),
        (DeviceHistory(NBO2, None, [Telegraph("as_", 0.02, 2e-3, 2e-3)], [3]), True),
        (None, True),
    ):
        circuit = build_circuit(parse_netlist(OSCILLATOR))
        circuit.set_device("XDUT", NBO2, {}, None, history)
        record = Record(circuit)
        circuit.advance(0.2e-3 if not skips else 20e-3)
        assert (record.skipped > 0) == skips
        if skips:
            assert record.skipped > 50_000


def test_circuits_in_a_batch_live_as_they_do_alone() -> None:
    def lively(seed: int) -> Circuit:
        circuit = build_circuit(parse_netlist(OSCILLATOR), rtol=1e-4)
        history = DeviceHistory(NBO2, CycleStatistics(spread={"as_": 0.03}), seed=[seed])
        circuit.set_device("XDUT", NBO2, {}, None, history)
        return circuit

    crossing = Crossing("voltage", "low", 0.02)
    together = run_batch([lively(seed) for seed in (1, 2)], 5e-6, crossing)
    assert not together.in_lockstep
    for k, seed in enumerate((1, 2)):
        alone = run_batch([lively(seed)], 5e-6, crossing)
        assert np.array_equal(together.instants[k], alone.instants[0]) and alone.instants[0].size > 10
    assert np.diff(together.instants[0])[5:].std() > 1e-3 * np.diff(together.instants[0])[5:].mean()


def test_telegraph_noise_of_a_resistor_jumps_at_the_instants_of_its_process() -> None:
    model = device_model("resistor")
    noise = Telegraph("r", 1.0, 1e-3, 1e-3)
    history, twin = (DeviceHistory(model, None, [noise], [11]) for _ in range(2))
    instants, values = [0.0], [twin.model.parameters()["r"]]
    while instants[-1] < 20e-3:
        instants.append(twin.next_change)
        twin.fluctuate(twin.next_change)
        values.append(twin.model.parameters()["r"])
    resistance = model.parameters()["r"]
    circuit = build_circuit(parse_netlist(f"V1 in 0 1\nR1 in dut {resistance}\nXDUT dut 0 resistor"))
    circuit.set_device("XDUT", model, {}, None, history)
    record = Record(circuit)
    for k in range(1, 201):
        circuit.advance(k * 1e-4)
        expected = values[int(np.searchsorted(instants, circuit.time, side="left")) - 1]
        assert circuit.voltage("dut") == pytest.approx(expected / (expected + resistance), rel=1e-9)
    times, voltages = record.arrays()
    jumps = times[:-1][np.abs(np.diff(voltages)) > 0.1]
    inside = [t for t in instants[1:] if t < 20e-3]
    assert len(inside) > 10
    assert jumps == pytest.approx(inside, rel=1e-12)


def sweep(circuit: Circuit, top: float, count: int, length: float = 40e-6) -> None:
    """Sweep V1 up and down ``count`` times."""
    start = circuit.time
    times = start + length * np.arange(2 * count + 1) / 2
    values = np.tile([0.0, top], count + 1)[: 2 * count + 1]
    circuit.set_source("V1", PiecewiseLinear(times, values))
    circuit.advance(times[-1])


def thresholds(record: Record, length: float = 40e-6) -> FloatArray:
    times, values = record.arrays()
    return np.array([values[(times >= k * length) & (times < (k + 0.5) * length)].max()
                     for k in range(round(times[-1] / length))])


def swept(model: DeviceModel, history: DeviceHistory) -> tuple[Circuit, Record]:
    circuit = build_circuit(parse_netlist(SWEPT), {"XDUT": model})
    circuit.set_device("XDUT", model, {}, None, history)
    return circuit, Record(circuit)


def test_a_virgin_device_is_formed_at_a_higher_voltage_once() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(virgin={"as_": 0.5}))
    circuit, record = swept(NBO2, history)
    said = []
    changes = circuit.changes
    changes.on_change = lambda device, h, before, time: h.state == before or said.append((device, h.state, time))
    sweep(circuit, 2.5, 4)
    found = thresholds(record)
    plain, virgin = (folds(NBO2.with_parameters({"as_": NBO2.as_ * k})).threshold for k in (1.0, 0.5))
    assert plain is not None and virgin is not None
    assert found[0] == pytest.approx(virgin.voltage, rel=0.02)
    assert found[1:] == pytest.approx(np.full(3, plain.voltage), rel=0.02)
    assert [(device, state) for device, state, _ in said] == [("xdut", "good")]
    assert 0.0 < said[0][2] < 20e-6   # on the way up
    assert history.cycles == 4   # once each: the formed device's threshold lies below the virgin one's hold


def test_a_current_beyond_the_critical_one_leaves_it_on_and_the_other_polarity_brings_it_back() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(critical_current=1e-4, recovery_voltage=0.2, recovery=1.0))
    circuit, record = swept(NBO2, history)
    said: list[tuple[str, str]] = []
    circuit.changes.on_change = lambda device, h, before, time: said.append((before, h.state))
    sweep(circuit, 2.5, 1)
    assert (history.state, history.polarity) == ("stuck", 1)
    sweep(circuit, 0.5, 1)
    assert history.state == "stuck"
    resistance = history.model.parameters()["r"]
    circuit.set_source("V1", Constant(0.1))
    circuit.advance(circuit.time + 1e-6)
    assert circuit.voltage("dut") == pytest.approx(0.1 * (resistance + 50) / (resistance + 2050), rel=1e-6)
    sweep(circuit, -0.1, 1)
    assert said == [("good", "stuck")]   # that was not enough
    sweep(circuit, -2.0, 1)
    # it comes back, switches on at once and is stuck again, now by the other polarity
    assert said == [("good", "stuck"), ("stuck", "good"), ("good", "stuck")]
    assert (history.state, history.polarity, history.cycles) == ("stuck", -1, 2)
    assert record.times


def test_a_weak_cycle_after_a_strong_one_has_its_own_peak() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(), seed=[1])
    peaks = []
    ended = history.switched_off
    history.switched_off = lambda peak: peaks.append(peak) or ended(peak)  # type: ignore[method-assign]
    circuit, _ = swept(NBO2, history)
    for top in (4.0, -2.5, 2.5):
        sweep(circuit, top, 1)
    assert len(peaks) == 3
    assert np.sign(peaks).tolist() == [1.0, -1.0, 1.0]
    assert peaks[2] == pytest.approx(-peaks[1], rel=1e-2)
    assert peaks[0] > 1.5 * peaks[2]


def test_wear_ends_a_life_in_the_circuit() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(endurance=50.0, endurance_shape=8.0), seed=[4])
    circuit, record = oscillate(history, [50e-6])
    assert history.state == "worn"
    assert 25 < history.cycles < 75
    times, values = record.arrays()
    last = values[times > 40e-6]
    assert np.ptp(last) < 1e-6   # no oscillation any more
    assert circuit.device_state("XDUT") == {}


def test_cycles_of_a_mechanism_that_nothing_tells_on_from_off_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="third_order has no conductance that separates its on state from "
                                                 "its off state"):
        DeviceHistory(device_model("nbox_third_order"), CycleStatistics())


@pytest.mark.thin(3)
@pytest.mark.parametrize("name", ["vo2", "ots_gst", "ag_sio2"])
def test_other_mechanisms_live_too(name: str) -> None:
    """The count of cycles is that of the currents' rises: whatever the mechanism."""
    model = catalogue()[name].model().seeded(1)
    parameter, load, top, length = {
        "vo2": ("re", 20e3, 6.0, 5e-6), "ots_gst": ("h", 20e3, 8.0, 15e-6), "ag_sio2": ("gleak", 1e6, 3.0, 0.05)}[name]
    history = DeviceHistory(model, CycleStatistics(spread={parameter: 0.005}), seed=[1])
    circuit = build_circuit(
        parse_netlist(f"V1 in 0 0\nR1 in dut {load}\nC1 dut 0 1p\nXDUT dut low device\nR2 low 0 50"), {"XDUT": model})
    circuit.set_device("XDUT", model, {}, None, history)
    record = Record(circuit, "low")
    sweep(circuit, top, 3, length)
    times, voltages = record.arrays()
    # the peaks of the ovonic device are above 0.8 of the largest current, or, of cycles that hardly begin, below 0.5
    half = 0.5 * voltages.max()
    states = schmitt(voltages, 0.3 * half, half, np.ones(voltages.size, bool), False)
    count = int(np.sum(states[:-1] & ~states[1:]))
    assert history.cycles == pytest.approx(count, rel=0.03)   # by current, not conductance: a weak one may differ
    assert count >= 3
    assert times[-1] == pytest.approx(3 * length)
    assert history.state == "good"
    assert history.model != model


def test_the_trigger_remembers_through_what_says_nothing() -> None:
    values = np.array([0.0, 5.0, 2.0, 9.0, 0.5, 2.0, 4.0])
    known = np.array([True, True, True, False, True, True, True])
    assert schmitt(values, 1.0, 3.0, known, False).tolist() == [False, True, True, True, False, False, True]
    assert schmitt(np.array([2.0, 2.0]), 1.0, 3.0, known[:2], True).tolist() == [True, True]


PAIR = "V1 in 0 0\nR1 in a 2k\nC1 a 0 1p\nX1 a 0 nbo2\nR2 in b 2k\nC2 b 0 1p\nX2 b 0 nbo2"


def test_devices_that_switch_in_the_same_step_have_both_lived_a_cycle() -> None:
    circuit = build_circuit(parse_netlist(PAIR))
    histories = [DeviceHistory(NBO2, CycleStatistics(virgin={"re": 1.1}), seed=[k]) for k in range(2)]
    for name, history in zip(("X1", "X2"), histories, strict=True):
        circuit.set_device(name, NBO2, {}, None, history)
    said = []
    circuit.changes.on_change = lambda device, h, before, time: said.append((device, before, h.state))
    sweep(circuit, 2.5, 3)
    assert [history.cycles for history in histories] == [3, 3]
    assert said[:2] == [("x1", "virgin", "good"), ("x2", "virgin", "good")]


def test_devices_whose_noise_jumps_at_the_same_instant_jump_together() -> None:
    model = device_model("resistor")
    circuit = build_circuit(parse_netlist("V1 in 0 1\nX1 in a resistor\nX2 a 0 resistor\nC1 a 0 1p"))
    histories = [DeviceHistory(model, None, [Telegraph("r", 0.5, 1e-3, 1e-3)], [3]) for _ in range(2)]
    for name, history in zip(("X1", "X2"), histories, strict=True):
        circuit.set_device(name, model, {}, None, history)
    jumps = []
    circuit.changes.on_change = lambda device, h, before, time: jumps.append((time, device))
    circuit.advance(20e-3)
    assert len(jumps) > 10
    assert [time for time, device in jumps if device == "x1"] == [time for time, device in jumps if device == "x2"]
    assert circuit.voltage("a") == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("back_on", [False, True])
def test_a_device_taken_out_while_it_is_on_ends_its_cycle_where_it_is_seen_off(back_on: bool) -> None:
    history = DeviceHistory(NBO2, CycleStatistics(critical_current=1.0), seed=[1])
    peaks = []
    ended = history.switched_off
    history.switched_off = lambda peak: peaks.append(peak) or ended(peak)  # type: ignore[method-assign]
    circuit, _ = swept(NBO2, history)
    circuit.set_source("V1", PiecewiseLinear(np.array([0.0, 20e-6]), np.array([0.0, 2.5])))
    circuit.advance(15e-6)
    kept = circuit.device_state("XDUT")
    circuit.set_device("XDUT", "resistor", {"r": 1e10}, None)
    circuit.advance(30e-6)
    assert history.cycles == 0
    circuit.set_device("XDUT", NBO2, {}, kept if back_on else None, history)
    circuit.advance(40e-6)
    assert history.cycles == (0 if back_on else 1)   # that it came back hot is one cycle, not two
    sweep(circuit, 0.0, 1)
    assert history.cycles == (1 if back_on else 2)
    assert 0.4e-3 < min(peaks) <= max(peaks) < 2e-3


def test_a_batch_lives_as_each_circuit_does_alone() -> None:
    def made() -> list[Circuit]:
        circuits = [build_circuit(parse_netlist(OSCILLATOR)) for _ in range(3)]
        for k, circuit in enumerate(circuits):
            endurance = 20.0 if k == 2 else np.inf
            statistics = CycleStatistics(spread={"as_": 0.03}, endurance=endurance, endurance_shape=9.0)
            circuit.set_device("XDUT", NBO2, {}, None, DeviceHistory(NBO2, statistics, seed=[k]))
        return circuits

    found, alone = run_batch(made(), 10e-6, Crossing("voltage", "dut", 0.9)), made()
    for k, circuit in enumerate(alone):
        circuit.advance(10e-6, skip=False)
        unknowns = circuit.unknowns()
        assert np.array_equal(found.unknowns[k, : unknowns.size], unknowns)
        assert np.isnan(found.unknowns[k, unknowns.size:]).all()
    assert 15 < found.counts[2] < 30 < found.counts[0]
    assert np.diff(found.instants[0]).std() > 1e-9


def test_noise_faster_than_anything_can_follow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsbench.simulated_backends.circuit.stepping.ENOUGH_STEPS", 2_000)   # it is seen as soon
    history = DeviceHistory(NBO2, None, [Telegraph("re", 0.1, 1e-10, 1e-10)])
    circuit, _ = oscillate(history, [])
    with pytest.raises(TsbenchError, match="The noise of xdut jumps every 1e-10 s"):
        circuit.advance(1.0)


def test_a_filament_that_dissolves_without_any_voltage_has_ended_its_cycle() -> None:
    model = device_model("ag_sio2").seeded(1)
    history = DeviceHistory(model, CycleStatistics(spread={"gc": 0.3}), seed=[1])
    circuit = build_circuit(parse_netlist("V1 in 0 0\nR1 in dut 1meg\nXDUT dut 0 device"), {"XDUT": model})
    circuit.set_device("XDUT", model, {}, None, history)
    for cycle in range(1, 4):
        circuit.set_source("V1", Constant(2.0))
        circuit.advance(circuit.time + 20e-3)
        assert circuit.current("XDUT") > 1e-6   # on
        assert history.cycles == cycle - 1
        circuit.set_source("V1", Constant(0.0))
        circuit.advance(circuit.time + 0.1)
        assert circuit.current("XDUT") == pytest.approx(0.0, abs=1e-15)
        assert history.cycles == cycle
