"""Devices with a life on the bench: each cycle its own threshold, wear that the software notices, states kept away."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.resistor.equations import Resistor
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.witness.log import WitnessLog
from tsbench.simulated_backends.world.world import World, close_world, open_world

WORLD = (Path(__file__).parents[3] / "examples" / "nbo2.world.toml").read_text("utf-8")
CYCLES = """
[devices.D1.cycles]
spread = { as_ = 0.06 }
persistence = 0.4
"""


def with_tables(tables: str) -> tuple[tuple[str, str], ...]:
    return (('[devices.D1]\nmodel = "nbo2"', f'[devices.D1]\nmodel = "nbo2"\n{tables}'),)


@contextmanager
def opened(path: Path) -> Iterator[World]:
    world = open_world(path)
    try:
        yield world
    finally:
        close_world(world)


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_the_threshold_of_each_cycle_is_found(measure):
    done = measure("nbo2", "iv_sweep", {"cycles": 8, "nplc": 0.05, "step": "5 mV", "start": "0.85 V", "stop": "1.15 V"},
                   replace=with_tables(CYCLES))
    found = done.values("threshold_voltage")
    on = WitnessLog(done.witness).switching_on()
    assert len(found) == 8
    true = np.array([event.threshold for event in on[:8]])
    values = np.array([result.value for result in found])
    assert np.all(np.abs(values - true) < 7.5e-3)   # a step and a half
    # threshold ~ as_^-0.3 or so: 6 % of as_ are some 20 mV
    assert 5e-3 < true.std() < 40e-3
    assert values.std() == pytest.approx(true.std(), rel=0.3)
    assert np.corrcoef(values, true)[0, 1] > 0.95
    inside = sum(result.low <= truth <= result.high for result, truth in zip(found, true, strict=True))
    assert inside >= 7
    assert done.outcome.safe and done.left_on == []


@pytest.mark.sabotage("output")
def test_a_device_that_wears_out_within_a_sweep_is_told(measure):
    done = measure("nbo2", "iv_sweep", {"cycles": 6, "nplc": 0.05, "step": "10 mV", "start": "0.8 V", "stop": "1.15 V"},
                   replace=with_tables("[devices.D1.cycles]\nendurance = 3\nendurance_shape = 20\n"))
    (changed,) = [record for record in done.witness if record["kind"] == "changed"]
    assert (changed["state"], changed["device"], changed["cycles"]) == ("worn", "D1", 3)
    values = [result.value for result in done.values("threshold_voltage")]
    assert values[:3] == pytest.approx([1.023] * 3, rel=0.01)
    assert values[3:] == [None] * 3
    holds = [result.value for result in done.values("hold_voltage")]
    assert None not in holds[:2] and holds[2:] == [None] * 4   # it did not switch off the third time
    said = done.warnings()
    assert any("did not return to the off state" in text and "(cycle 3)" in text for text in said), said
    assert done.outcome.safe and done.left_on == []


@pytest.mark.thorough
def test_a_virgin_device_is_formed_at_its_own_voltage(measure):
    done = measure("nbo2", "iv_sweep", {"cycles": 2, "nplc": 0.05, "step": "5 mV", "start": "0.8 V", "stop": "1.4 V"},
                   replace=with_tables("[devices.D1.cycles]\nvirgin = { as_ = 0.7 }\n"))
    forming, usual = (result.value for result in done.values("threshold_voltage"))
    nbo2 = device_model("nbo2")
    for value, factor in ((forming, 0.7), (usual, 1.0)):
        fold = folds(nbo2.with_parameters({"as_": nbo2.parameters()["as_"] * factor})).threshold
        assert fold is not None and value == pytest.approx(fold.voltage, rel=0.015)
    (changed,) = [record for record in done.witness if record["kind"] == "changed"]
    assert (changed["state"], changed["cycles"]) == ("good", 0)
    assert len(WitnessLog(done.witness).switching_on()) == 2


def test_the_life_of_a_device_goes_on_when_it_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD + CYCLES + '[[devices.D1.noise]]\nkind = "telegraph"\nparameter = "re"\namplitude = 0.1\n'
                    'time_low = "1 ms"\ntime_high = "2 ms"\n[devices.D2]\nmodel = "nbo2"\n', "utf-8")
    models = []
    for _ in range(2):
        with opened(path) as world:
            device = world.devices["D1"]
            assert device.history is not None
            device.history.switched_off(1e-4)   # as if it had been used
            used = device.history.model.parameters()["as_"]
            world.positioner.connect("D2")
            world.clock.wait(10.0)
            assert world.bench.circuit.model_of(world.place) == device_model("nbo2")
            world.positioner.connect("D1")
            now = world.bench.circuit.model_of(world.place)
            assert now == device.history.model
            assert now.parameters()["as_"] == used != device_model("nbo2").parameters()["as_"]
            assert device.history.cycles == 1
            models.append(now)
    assert models[0] == models[1]   # a new bench is the same bench


def test_the_witness_reads_a_filament_by_what_its_last_cycle_made_of_it(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    text = WORLD.replace('model = "nbo2"', 'model = "ag_sio2"')
    path.write_text(text + "[devices.D1.cycles]\nspread = { gc = 0.5 }\n", "utf-8")
    with opened(path) as world:
        history, circuit = world.devices["D1"].history, world.bench.circuit
        assert history is not None
        # an output that is off draws up to a tenth of its current range: its relay is opened
        world.instruments["source_meter"].exchange.recv(b":OUTP:VOLT:SMOD HIMP\n", True)
        circuit.set_resistance("R_generator_2_output", 1e5)
        for _ in range(3):
            for level in (1.5, 0.0):
                circuit.set_source("V_generator_2_emf", Constant(level))
                world.clock.wait(20e-3)
                world.bench.sync()
        assert history.cycles >= 1
        states = circuit.device_state("XDUT")
        filament = np.array([[value] for value in states.values()])
        model = world.witness.places["XDUT"].model   # what its records of a filament's relaxation come from
        assert model is not None
        assert model.conductance(filament) == history.model.conductance(filament)
        assert model.conductance(filament) != history.nominal.conductance(filament)


def test_devices_of_the_same_table_have_lives_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD + CYCLES + '[devices.D2]\nmodel = "nbo2"\n' + CYCLES.replace("D1", "D2"), "utf-8")
    with opened(path) as world:
        assert world.devices["D1"].now != world.devices["D2"].now


def test_a_destroyed_device_has_no_life_left(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD + CYCLES + '[devices.D2]\nmodel = "nbo2"\n', "utf-8")
    with opened(path) as world:
        for away in (False, True):
            if away:
                world.positioner.connect("D2")
                world.positioner.connect("D1")
            else:
                world.positioner.spoil(Resistor(1e10))
            assert world.bench.circuit.model_of("XDUT") == Resistor(1e10)
            assert not world.bench.circuit.changes.watches


def test_every_device_of_a_wafer_has_a_life_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD + "[wafers.W]\nmodel = 'nbo2'\nseed = 3\ncolumns = 3\nrows = 3\nshorts = 0.2\n"
                    "[wafers.W.cycles]\nspread = { as_ = 0.05 }\n", "utf-8")
    with opened(path) as world:
        lives = {name: device.history for name, device in world.devices.items()}
        assert lives["D1"] is None
        good = [history for history in lives.values() if history is not None]
        assert 20 < len(good) < 36   # shorts have none
        first = {history.model.parameters()["as_"] / history.nominal.parameters()["as_"] for history in good}
        assert len(first) == len(good)


def test_a_wafer_alone_is_a_bench(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    wafer = "[wafers.W]\nmodel = 'nbo2'\nseed = 3\ncolumns = 2\nrows = 2\n"
    path.write_text(WORLD.partition("[devices.D1]")[0] + wafer, "utf-8")
    with opened(path) as world:
        assert world.positioner.connected() in world.devices


@pytest.mark.parametrize(("tables", "expected"), [
    ("[devices.D1.cycles]\nspread = { rht = 0.1 }", "devices.D1.cycles: poole_frenkel has no parameter 'rht'. Did you "
     "mean 'rth'"),
    ("[devices.D1.cycles]\npersistance = 0.1", "Did you mean 'persistence'"),
    ("[devices.D1.cycles]\ncritical_current = '1 V'", "devices.D1.cycles.critical_current"),
    ("[devices.D1.cycles]\nspread = { as_ = -1 }", "devices.D1.cycles.spread.as_ = -1 must be positive"),
    ("[[devices.D1.noise]]\nkind = 'pink'\nparameter = 're'", "devices.D1.noise.0"),
    ("[[devices.D1.noise]]\nkind = 'flicker'\nparameter = 're'\nspread = 2", "D1.noise.0: flicker noise: spread"),
    ("[[devices.D1.noise]]\nkind = 'flicker'\nparameter = 'rht'\nspread = 0.1", "no parameter 'rht'. Did you mean"),
    ("[[devices.D1.noise]]\nkind = 'telegraph'\nparameter = 're'\namplitude = 0.1\ntime_low = '1 ms'\ntime_hihg = 1",
     "Did you mean 'time_high'"),
])
def test_tables_that_make_no_sense_are_told_in_a_line(tmp_path: Path, tables: str, expected: str) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD + tables + "\n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        open_world(path)
    assert expected in str(caught.value), str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_tables_of_the_documentation_are_taken(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "world.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 3
    path = tmp_path / "world.toml"
    tables, replaced = re.subn(r"^(columns|rows) = 9", r"\1 = 3", "\n".join(blocks), flags=re.MULTILINE)
    assert replaced == 2   # of a small wafer: each of its devices has a static curve of its own
    path.write_text(WORLD + tables, "utf-8")
    with opened(path) as world:
        assert world.devices["D1"].history is not None and len(world.devices) > 20


def test_nothing_happens_to_a_device_while_the_probes_travel(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD + CYCLES + '[devices.D2]\nmodel = "nbo2"\n[positioner]\ntravel_time = "1 s"\n', "utf-8")
    with opened(path) as world:
        circuit, history = world.bench.circuit, world.devices["D1"].history
        assert history is not None
        circuit.set_resistance("R_generator_2_output", 50.0)   # an oscillation of some 4 MHz
        circuit.set_source("v_generator_2_emf", Constant(3.0))
        circuit.set_resistance("R_source_meter_relay", 1e12)
        world.clock.wait(20e-6)
        world.bench.sync()
        lived = history.cycles
        assert lived > 10
        world.positioner.connect("D2")
        assert history.cycles in (lived, lived + 1)   # the one that it was in
        assert world.positioner.connected() == "D2"
        circuit.set_source("v_generator_2_emf", Constant(0.0))
        world.positioner.connect("D1")
        assert world.bench.circuit.model_of(world.place) == history.model
