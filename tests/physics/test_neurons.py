"""Neurons of the library do what they are there for, and come back to rest."""

import numpy as np
import pytest

from tsbench.analysis.behaviours import BEHAVIOURS, recognised
from tsbench.analysis.stimulated_run import Run, responses
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.simulate import simulate
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.neurons.experiments import Record, experiments, perform
from tsbench.simulated_backends.neurons.library import neuron, neurons


def runs_of(records: list[Record]) -> list[Run]:
    return [Run(r.time, r.stimulus, r.response) for r in records]


def test_every_behaviour_has_an_experiment() -> None:
    assert set(experiments()) == set(BEHAVIOURS)


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
    with pytest.raises(ConfigurationError, match="no value 'RL3'"):
        experiment.netlist_of(experiment.runs[0], {"RL3": "1k"})
    with pytest.raises(ConfigurationError, match="no neuron 'yi_tonik'"):
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
        assert not device.parameters or device.model == "nmos_channel"   # its gate voltage
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
