"""Neurons of the library do what they are there for, and come back to rest."""

import numpy as np
import pytest

from tsbench.analysis.behaviours import BEHAVIOURS, recognised
from tsbench.analysis.stimulated_run import Run, responses
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.neurons.experiments import Record, experiments, netlist_text, perform


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
    with pytest.raises(ConfigurationError, match="no parameter 'RL3'"):
        experiment.netlist_of(experiment.runs[0], {"RL3": "1k"})
    with pytest.raises(ConfigurationError, match="no neuron 'yi_tonik'"):
        netlist_text("yi_tonik")
