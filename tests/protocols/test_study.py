"""The study of a material (``benchmarks.study``): its benches are benches, and its verdicts follow from its numbers."""

from pathlib import Path

import pytest

from benchmarks.study.benches import lay
from benchmarks.study.materials import MATERIALS
from benchmarks.study.page import judged, tables
from benchmarks.study.rows import Row
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench


@pytest.mark.parametrize("name", sorted(MATERIALS))
def test_each_protocol_of_a_study_can_be_planned(name: str, tmp_path: Path) -> None:
    material = MATERIALS[name]
    of_device = {"iv_sweep": material.sweep, "pulse_train": material.delays, "paired_pulse": material.pairs,
                 "relaxation": material.recovery,
                 "temperature_series": {**material.sweep, "temperature": list(material.temperatures)}}
    of_map = {"oscillation_map": {**material.map, "load": list(material.loads)}}
    wanted = [(None, of_device), (material.oscillator, of_map),
              *((circuit, {"neuron": parameters}) for circuit, parameters in material.neurons)]
    for number, (circuit, protocols) in enumerate(wanted):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = lay(material, folder, 7, 1, circuit, "oscillation_map" in protocols)
        with Bench.open(path, "D7") as bench:
            for protocol, parameters in protocols.items():
                assert protocol_named(protocol).parse(dict(parameters)).plan(bench).duration > 0


def test_a_truth_outside_most_intervals_fails_the_study() -> None:
    def rows(inside: int) -> list[Row]:
        return [Row("delay", "switching_delay_mean", {}, "s", 1e-6, 0.9e-6, 1.1e-6, 1e-6 if k < inside else 2e-6)
                for k in range(10)]

    assert judged(rows(9))[0].passed and not judged(rows(8))[0].passed
    assert judged([Row("neuron", "refractory", {}, "", 1.0, 1.0, 1.0, 1.0)])[0].passed
    assert not judged([Row("neuron", "refractory", {}, "", 1.0, 1.0, 1.0, 0.0)])[0].passed
    assert sum(line.startswith("| switching delay") for line in tables(rows(9))) == 10
