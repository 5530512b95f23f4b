"""Neurons of the library do what they are there for, and come back to rest."""

import numpy as np
import pytest
from scipy.signal import find_peaks

from tsbench.analysis.behaviours.behaviours import BEHAVIOURS, recognised
from tsbench.analysis.behaviours.stimulated_run import StimulatedRecord, responses
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.studies.neurons.experiments import NeuronRecord, experiments, perform
from tsbench.simulated_backends.studies.neurons.library import neuron, neurons
from tsbench.simulated_backends.studies.simulate.simulate import simulate


def runs_of(records: list[NeuronRecord]) -> list[StimulatedRecord]:
    return [StimulatedRecord(r.time, r.stimulus, r.response) for r in records]


def test_every_behaviour_has_an_experiment() -> None:
    assert set(experiments()) == set(BEHAVIOURS)


@pytest.mark.thin(9)
@pytest.mark.sabotage("resistor")
@pytest.mark.parametrize("letter", BEHAVIOURS)
def test_vo2_neuron_shows_its_behaviour_and_returns_to_rest(letter: str) -> None:
    records = list(perform(experiments()[letter]))
    largest = max(float(np.abs(r.response - r.response[0]).max()) for r in records)
    for record in records:   # load-line latching is physical: a latched device would pass a count of spikes
        assert abs(record.response[-1] - record.response[0]) < 0.01 * largest
    assert recognised(runs_of(records)) == {letter}


@pytest.mark.parametrize("letter", ["a", "b", "j", "k", "v"])
def test_resistors_in_the_same_circuits_show_nothing(letter: str) -> None:
    assert recognised(runs_of(list(perform(experiments()[letter], device="resistor")))) == frozenset()


def test_latched_neuron_shows_nothing() -> None:
    records = list(perform(experiments()["a"], {"RL1": "300", "RL2": "300"}))
    assert records[0].response[-1] > 0.5   # it is latched indeed
    assert recognised(runs_of(records)) == frozenset()


def test_all_experiments_share_the_catalogue_device() -> None:
    for experiment in experiments().values():
        devices = parse_netlist(experiment.netlist_of(experiment.runs[0])).of_kind("X")
        assert {(d.model, *d.parameters) for d in devices} == {("vo2",)}


def test_spike_times_do_not_depend_on_the_tolerance() -> None:
    experiment = experiments()["c"]
    coarse, fine = (
        responses(runs_of(list(perform(experiment, rtol=rtol))))[0].spikes for rtol in (1e-6, 1e-8))
    assert coarse.size == fine.size > 20
    assert np.abs(coarse - fine).max() < 20e-9   # of 200 us


def test_unknown_values_and_netlists_are_refused() -> None:
    experiment = experiments()["a"]
    with pytest.raises(ConfigurationError, match="no parameter 'RL3'"):
        experiment.netlist_of(experiment.runs[0], {"RL3": "1k"})
    with pytest.raises(ConfigurationError, match="the library has no neuron 'yi_tonik'"):
        neuron("yi_tonik")


@pytest.mark.parametrize("name", neurons())
def test_library_netlist_is_whole(name: str) -> None:
    """Parsed strictly, of catalogue devices with the catalogue's parameters, with what is known about it beside it."""
    entry = neurons()[name]
    netlist = parse_netlist(entry.netlist(stimulus="PWL(0 0 1u 1)", stop=1e-3))
    assert netlist.transient is not None and netlist.transient.stop == 1e-3
    assert netlist.saved and netlist.ignored == ()
    for device in netlist.of_kind("X"):
        assert device.model in catalogue()
        assert not device.parameters or device.model == "nmos"   # its size
    assert all((entry.title, entry.source, entry.mark, entry.stimulus, entry.expected))


def rises(times: np.ndarray, values: np.ndarray, level: float) -> np.ndarray:
    """Return when values rise through a level."""
    return times[1:][(values[:-1] < level) & (values[1:] >= level)]


@pytest.mark.parametrize(
    ("level", "spikes"), [(0.2, 0), pytest.param(0.3, 1, marks=pytest.mark.sabotage("resistor"))])
def test_neuristor_is_silent_at_200_mv_and_fires_once_at_300_mv(level: float, spikes: int) -> None:
    text = neuron("pickett_neuristor").netlist(stimulus=f"PWL(0 0 10u 0 10.02u {level} 20u {level} 20.02u 0)")
    result = simulate(text)
    out = result.columns["v(out)"]
    assert rises(result.times, out, 0.7).size == spikes
    assert out[0] < 0.15   # rest is where the devices insulate
    assert abs(out[-1] - out[0]) < 2e-3


@pytest.mark.sabotage("resistor")
@pytest.mark.parametrize("name", ["pickett_chain", "pickett_chain_diodes"])
def test_chain_passes_one_spike_without_loss_and_returns_to_rest(name: str) -> None:
    result = simulate(neuron(name).text)
    out = [result.columns[f"v(o{k})"] for k in (1, 2, 3, 4)]
    times = [rises(result.times, v, 0.5) for v in out]
    assert [t.size for t in times] == [1, 1, 1, 1]
    assert (np.diff([t[0] for t in times]) > 0.5e-6).all()
    peaks = np.array([v.max() for v in out])
    assert np.ptp(peaks) < 0.02 * peaks.mean()
    assert max(abs(v[-1] - v[0]) for v in out) < 0.01


def test_oscillators_synchronise_only_when_coupled() -> None:
    def rates(coupling: str) -> list[float]:
        result = simulate(neuron("coupled_oscillators").netlist({"Cc": coupling}))
        later = result.times > 20e-6
        return [1 / float(np.diff(rises(result.times[later], result.columns[c][later], 1.0)).mean())
                for c in ("v(a)", "v(b)")]

    alone, coupled = rates("0.001p"), rates("20p")
    assert abs(alone[0] / alone[1] - 1) > 0.02
    assert abs(coupled[0] / coupled[1] - 1) < 1e-3


def back_at_rest(values: np.ndarray) -> bool:
    return bool(abs(values[-1] - values[0]) < 0.005 * np.ptp(values))


def gate_driven(stimulus: str, stop: float) -> tuple[np.ndarray, np.ndarray]:
    """Return when the device of the 1T1R neuron has discharged its capacitor [s], and the output voltage."""
    result = simulate(neuron("mott_1t1r").netlist(stimulus=stimulus, stop=stop, samples=20_000))
    out = result.columns["v(out)"]
    peaks, _ = find_peaks(out, prominence=0.1)
    return result.times[peaks], out


def test_1t1r_follows_its_gate_in_steps_and_returns_to_rest() -> None:
    """No spike below the onset, then a rate that rises from step to step; nothing once the gate is closed."""
    levels, hold = (0.9, 1.1, 1.25, 1.4, 1.55, 1.7, 0.0), 10e-6
    points, last = ["0 0"], 0.0
    for k, level in enumerate(levels):
        points.append(f"{k * hold + 1e-9:.9g} {last} {k * hold + 0.1e-6:.9g} {level}")
        last = level
    spikes, out = gate_driven(f"PWL({' '.join(points)})", 180e-6)
    counts = np.array([
        ((spikes > k * hold + 1e-6) & (spikes <= (k + 1) * hold)).sum() for k in range(len(levels))])
    print(counts)
    assert (counts[:2] == 0).all() and counts[2] > 10
    assert (np.diff(counts[2:6]) > 2).all()
    assert counts[6] == 0 and spikes.max() < 60.5e-6
    assert back_at_rest(out)


def test_1t1r_on_a_ramp_starts_at_its_onset_and_speeds_up() -> None:
    spikes, out = gate_driven("PWL(0 0 5u 0 45u 1.8 50u 1.8 50.1u 0)", 150e-6)
    ramp = spikes[(spikes > 5e-6) & (spikes < 45e-6)]
    gate = 1.8 * (ramp - 5e-6) / 40e-6
    print(gate[:3], ramp.size)
    assert 1.15 < gate[0] < 1.3   # at constant gates the onset is between 1.15 and 1.2 V
    slow, fast = np.diff(ramp[:6]).mean(), np.diff(ramp[-6:]).mean()
    assert slow > 1.5 * fast
    assert spikes.max() < 50.5e-6 and back_at_rest(out)


def pulses(values: dict[str, str], stimulus: str, stop: float = 60e-6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times and the comparator's output of the hybrid neuron, and the voltage of its capacitor."""
    result = simulate(neuron("hybrid_cmos").netlist(values, stimulus, stop, samples=20_000))
    return result.times, result.columns["v(out)"], result.columns["v(n1)"]


@pytest.mark.parametrize(("level", "least"), [(1.0, 0), (1.5, 3), (2.2, 10), (5.0, 25), (8.0, 35)])
def test_hybrid_neuron_gives_full_pulses_and_returns_to_rest(level: float, least: int) -> None:
    times, out, n1 = pulses({}, f"PWL(0 0 1u 0 1.01u {level} 20u {level} 20.01u 0)")
    ups, downs = rises(times, out, 0.9), rises(times, -out, -0.9)
    assert ups.size == downs.size >= least
    assert abs(out[-1] - out[0]) < 1e-6 and abs(n1[-1] - n1[0]) < 0.005 * np.ptp(n1)
    if not least:
        assert ups.size == 0 and np.ptp(out) < 1e-6
        return
    width = downs - ups
    peaks = [out[(times >= a) & (times <= b)].max() for a, b in zip(ups, downs, strict=True)]
    print(ups.size, width.min(), width.max(), min(peaks))
    assert min(peaks) > 0.999 * 1.8   # every pulse is a whole one, as long as any other
    assert np.ptp(width[1:]) < 0.02 * width.mean()
    edges = rises(times, out, 0.9 * 1.8) - rises(times, out, 0.1 * 1.8)
    assert edges.max() < 20e-9


def test_hybrid_neuron_without_its_reset_latches_on_a_strong_input() -> None:
    stimulus = "PWL(0 0 1u 0 1.01u 5 20u 5 20.01u 0)"
    times, out, _ = pulses({"BETA": "1n"}, stimulus)
    assert rises(times, out, 0.9).size == 1
    assert out[(times > 15e-6) & (times < 20e-6)].min() > 1.79   # it stands high until the input goes
    assert abs(out[-1]) < 1e-6
    assert rises(*pulses({}, stimulus)[:2], 0.9).size > 25


@pytest.mark.parametrize(("name", "parts"), [
    ("mott_1t1r", (("vdd", "0", "Vdd"), ("in", "0", "Vin"), ("vdd", "out", "X1"), ("out", "0", "XM"))),
    ("hybrid_cmos", (("in", "0", "Vin"), ("ref", "0", "Vref"), ("in", "n1", "Rin"), ("n1", "s", "X1"), ("s", "0", "Rs"),
                     ("out", "0", "XC"), ("n1", "0", "XR"))),
])
def test_energy_balances_and_gates_take_none(name: str, parts: tuple[tuple[str, str, str], ...]) -> None:
    netlist = parse_netlist(neuron(name).text)
    circuit = build_circuit(netlist)
    used = dict.fromkeys((part[2] for part in parts), 0.0)

    class Sum:
        def observe(self, segment: Segment) -> None:
            assert isinstance(segment, RecordedTrajectory)
            for a, b, element in parts:
                used[element] += segment.energy(a, b, element, segment.start, segment.end)

    def stored() -> float:
        return sum(
            0.5 * c.value * (circuit.voltage(c.nodes[0]) - circuit.voltage(c.nodes[1])) ** 2 if "0" not in c.nodes
            else 0.5 * c.value * circuit.voltage(c.nodes[0]) ** 2 for c in netlist.of_kind("C"))

    before = stored()
    circuit.add_observer(Sum())
    circuit.advance(50e-6, skip=False)
    balance = sum(used.values()) + stored() - before
    print(used, balance)
    assert abs(balance) < 1e-6 * sum(abs(v) for v in used.values())
    assert used["Vref" if name == "hybrid_cmos" else "Vin"] == 0.0   # what only gates and inputs hang on


@pytest.mark.ngspice
def test_ngspice_fires_at_the_same_times() -> None:
    """The same netlists by another simulator, through the same rules (all of them: benchmarks.behaviours_ngspice)."""
    from benchmarks.behaviours_ngspice import SETTINGS, in_ngspice

    for letter in ("b", "m"):
        experiment = experiments()[letter]
        theirs = in_ngspice(experiment, SETTINGS[3:])
        assert theirs is not None and recognised(theirs) == {letter}
        ours = responses(runs_of(list(perform(experiment))))
        assert np.abs(ours[0].spikes - responses(theirs)[0].spikes).max() < 20e-9
