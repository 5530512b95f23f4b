"""One seed for everything random in a circuit, a bench or a study; and a stream for each element by its name."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.studies.batch import Crossing
from tsbench.simulated_backends.studies.study import OscillatorStudy
from tsbench.simulated_backends.world.devices import devices_of
from tsbench.simulated_backends.world.world_file import WorldFile

STOCHASTIC = sorted(name for name, entry in catalogue().items() if entry.model().stochastic)
PAIR = "V1 in 0 0.5\nR1 in a 100k\nX1 a 0 {0}\nR2 in b 100k\nX2 b 0 {0}\n"


def seeds(circuit: Circuit) -> list[float]:
    return [circuit.model_of(name).parameters()["seed"] for name in circuit.devices]


@pytest.mark.parametrize("model", STOCHASTIC)
def test_two_elements_are_not_copies_and_a_third_changes_neither(model: str) -> None:
    text = PAIR.format(model)
    first, second = seeds(build_circuit(parse_netlist(text), seed=5))
    assert first != second
    assert seeds(build_circuit(parse_netlist("X0 in 0 " + model + "\n" + text), seed=5))[1:] == [first, second]
    assert seeds(build_circuit(parse_netlist(text), seed=5)) == [first, second]
    assert not {first, second} & set(seeds(build_circuit(parse_netlist(text), seed=6)))
    assert len(set(seeds(build_circuit(parse_netlist(text))))) == 2   # without a word about seeds


def test_two_silver_devices_move_apart_and_each_seed_has_its_paths() -> None:
    def conductances(seed: int) -> list[float]:
        circuit = build_circuit(parse_netlist(PAIR.format("ag_sio2")), seed=seed)
        circuit.advance(2e-3)
        return [circuit.device_state(name)["path"] for name in circuit.devices]

    first, again, other = conductances(1), conductances(1), conductances(2)
    assert first == again
    assert len({*first, *other}) == 4


def test_a_seed_in_the_netlist_or_in_the_model_goes_before_the_circuits() -> None:
    text = PAIR.format("ag_sio2").replace("X1 a 0 ag_sio2", "X1 a 0 ag_sio2 seed=7")
    models = {"X2": device_model("ag_sio2", {"seed": 8})}
    assert seeds(build_circuit(parse_netlist(text), models, seed=3)) == [7, 8]
    assert seeds(build_circuit(parse_netlist(text.replace("seed=7", "seed=0")), models, seed=3)) == [0, 8]
    assert seeds(build_circuit(parse_netlist(text), seed=None)) == [7, 0]


def test_a_device_put_in_the_place_of_another_has_the_stream_of_the_place() -> None:
    circuit = build_circuit(parse_netlist(PAIR.format("resistor")), seed=5)
    for name in circuit.devices:
        circuit.set_device(name, "ag_sio2", {}, None)
    assert seeds(circuit) == seeds(build_circuit(parse_netlist(PAIR.format("ag_sio2")), seed=5))


def test_runs_of_a_study_are_not_copies() -> None:
    text = "V1 in 0 1.2\nR1 in dut 100k\nC1 dut 0 10p\nXDUT dut 0 ag_sio2\n"
    study = OscillatorStudy(text, "ag_sio2", 1e-6, Crossing("voltage", "dut", 0.1))
    specimens = [catalogue()["ag_sio2"].specimen(study.wafer, f"XDUT{k}") for k in range(3)]
    assert len({s.parameters()["seed"] for s in specimens} | {0.0}) == 4
    assert study(np.arange(3))["count"].shape == (3,)


def _world(seed: int) -> WorldFile:
    return WorldFile.model_validate({
        "seed": seed, "fixture": {"netlist": ""},
        "devices": {name: {"model": model} for name, model in (("A", "ag_sio2"), ("B", "ag_sio2"), ("C", "ots_gst"))},
        "wafers": {"W": {"model": "ag_sio2", "seed": 1, "columns": 2, "rows": 2},
                   "V": {"model": "ag_sio2", "seed": 1, "columns": 2, "rows": 2}}})


def test_no_two_devices_of_a_world_nor_of_two_worlds_share_a_stream() -> None:
    found = [devices_of(_world(seed), Path("world.toml")) for seed in (1, 2)]
    paths = [device.model.parameters()["seed"] for devices in found for device in devices.values()]
    assert len(set(paths)) == len(paths) == 2 * (3 + 16 + 16)
    same = [dataclasses.replace(devices["W_x0y0_1"].model, seed=0.0) for devices in found]  # type: ignore[type-var]
    assert same[0] == same[1]   # the wafer is the same in every world


def test_seeds_by_name_do_not_depend_on_the_machine() -> None:
    assert seed_of(1, "x1") == 49211253994914
    assert seed_of(1, "x1") < 2**48
    assert seed_of("1", "x1") != seed_of(1, "x1")
