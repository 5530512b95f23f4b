"""A transistor as the load: the second channel of a source meter sets its gate voltage, on a simulated bench."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.gate_bench import BETA, SLOPE, THERMAL, THRESHOLD, bench_file, channel_resistance
from tests.instruments.test_limits import no_reply
from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.protocols import protocol_named
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_tables import ControlTable
from tsbench.station.runner import run_on

MUST_NOT = "the gate voltage of the load resistance must not change .*Switch meter.a off"


def path_resistance(gate: float, voltage: float, device: float) -> float:
    """Return lead, channel and device [Ohm] at a gate voltage against ground; at 20 mV, the channel is not linear."""
    def part(x: float) -> float:
        return math.log1p(math.exp(x / (2 * THERMAL))) ** 2

    current = 0.0
    for _ in range(50):
        source, drop = current * device, voltage - current * (device + 2.0)
        pinch = (gate - source - THRESHOLD) / SLOPE
        current += 0.5 * (2 * SLOPE * BETA * THERMAL**2 * (part(pinch) - part(pinch - drop)) - current)
    return voltage / current


def resistance(bench: Bench) -> float:
    """Return the resistance [Ohm] of all in the path, measured with 20 mV."""
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=100e-6, range=0.2))
    meter.configure_measure(MeasureSettings("current", range=100e-6))
    meter.set_level(0.02)
    meter.set_output(True)
    found = meter.measure()
    meter.set_output(False)
    return found.voltage / found.current


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("wanted", [600.0, 2e3, 5e3])
def test_the_gate_sets_the_load(tmp_path: Path, wanted: float) -> None:
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        control = bench.fixture_control
        assert control is not None and control.value("load_resistance") is None
        found = control.set_value("load_resistance", wanted)
        # the gate has 5 mV of error in the range of 20 V, which count most near the threshold
        assert found == pytest.approx(wanted, rel=0.015)
        assert control.value("load_resistance") == pytest.approx(found, rel=2e-3)
        world = next(iter(bench.instruments.managers.values())).visalib.world
        gate = float(world.bench.circuit.voltage("gate"))
        assert resistance(bench) == pytest.approx(path_resistance(gate, 0.02, 100.0), rel=0.01)
        assert bench.fixture.path_resistance["drive"] == pytest.approx(found + 2.0)


def test_a_list_of_gate_voltages_counts_with_the_voltage_before(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        gate = bench.source_meter("gate")
        gate.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=3.0))
        gate.configure_measure(MeasureSettings("current", range=1e-6))
        gate.set_level(3.0)
        gate.set_output(True)
        conducting = bench.wire_path("drive").resistance
        gate.start_sweep(np.array([0.9, 1.0]), 0.0)
        assert bench.wire_path("drive").resistance == conducting


def test_limits_follow_the_gate_and_the_gate_has_limits_of_its_own(tmp_path: Path) -> None:
    """3 V at the gate are more than the device may see; 1 V behind 400 Ohm would be 2.5 mA, behind 300 Ohm too much."""
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        control = bench.fixture_control
        assert control is not None
        control.set_value("load_resistance", channel_resistance(3.0))   # the smallest in the table
        with pytest.raises(LimitError, match=r"the transistor 'R_load' has 434.* Ohm to .* in its table, not 100 Ohm"):
            control.set_value("load_resistance", 100.0)
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=3e-3, range=2.0))
        with pytest.raises(LimitError, match="max_voltage"):
            meter.set_level(1.1)
        meter.set_level(0.1)
        meter.set_output(True)
        with pytest.raises(InstrumentError, match=MUST_NOT):
            control.set_value("load_resistance", 1e3)


def test_a_gate_whose_message_failed_may_stand_at_the_voltage_before(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        gate: Any = bench.source_meter("gate")
        gate.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=3.0))
        gate.set_level(3.0)
        gate.set_output(True)
        conducting = bench.wire_path("drive").resistance
        works = gate.driver.set_level
        gate.driver.set_level = no_reply
        with pytest.raises(CommunicationError):
            gate.set_level(0.9)
        assert bench.wire_path("drive").resistance == conducting
        gate.driver.set_level = works
        gate.set_level(0.9)
        assert bench.wire_path("drive").resistance > 10 * conducting


def under_a_bias(folder: Path, capacitor: str, *changed: tuple[str, str]) -> Path:
    """Write the bench with a generator in front of the transistor, and a capacitor such as ``"C_dut dut 0 1n"``."""
    file, world = bench_file(folder), folder / "gate.world.toml"
    for path, key, name in ((world, "model", "keysight_33522b"), (file, "driver", "keysight_33500")):
        text = path.read_text("utf-8").replace('"meter.a" = "smu"', '"generator.1" = "smu"').replace(
            "[instruments.meter]", f'[instruments.generator]\n{key} = "{name}"\n'
            'resource = "USB0::0x0699::0x0001::SIM00001::INSTR"\n[instruments.meter]')
        text = text.replace('drive = "meter.a"', 'bias = "generator.1"').replace("C_dut   dut  0    10p\n", "")
        for one, other in changed:
            text = text.replace(one, other)
        path.write_text(text.replace("XDUT    dut", f"{capacitor}\nXDUT    dut"), "utf-8")
    return file


def test_the_charge_behind_an_open_transistor_is_taken_off(tmp_path: Path) -> None:
    """After a run, the gate is off with all outputs. The source then holds 0 V in front of an open transistor."""
    file = under_a_bias(tmp_path, "C_dut dut 0 1n", ("r = 100", "r = 1e12"), ("r = 200", "r = 1e3"))
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 5e3)
        wanted, limits = bench.fixture_control.values(), bench.wire_path("bias")
        source = bench.pulse_generator("bias")
        source.configure_load(math.inf)
        source.configure_level(0.9)
        source.set_output(True)
        bench.clock.wait(0.05)
        bench.make_safe()
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
        assert bench.fixture_control.value("load_resistance") is None   # the gate is off again
        assert bench.fixture_control.values() == wanted and bench.wire_path("bias") == limits
        gate = bench.source_meter("gate")
        gate.set_output(True)
        assert abs(gate.measure().voltage) < 0.01, "the voltage that conducts most is not set any more"
        gate.set_output(False)
        bench.fixture_control.renew()
        assert bench.fixture_control.value("load_resistance") == pytest.approx(5e3, rel=0.02)   # of before
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.maxima()["D1"]["voltage"] > 0.4 and log.maxima()["D2"]["voltage"] < 2e-3
    assert log.hot_moves() == [] and not any(log.outputs().values())


@pytest.mark.parametrize("stated", [True, False])
def test_the_charge_in_front_of_an_open_transistor_does_not_go_through_the_device(tmp_path: Path, stated: bool) -> None:
    """After a run, the cable keeps 5 V. The least resistance of the transistor is 435 Ohm; the run had 10 kOhm."""
    file = under_a_bias(
        tmp_path, "C_dut dut 0 10p\nC_cable high 0 10n", ('max_current = "3 mA"', 'max_current = "600 uA"'),
        ('max_voltage = "1 V"', 'max_voltage = "6 V"'))
    if not stated:
        file.write_text(file.read_text("utf-8").replace("C_cable high 0 10n\n", ""), "utf-8")
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 10e3)
        source = bench.pulse_generator("bias")
        source.configure_load(math.inf)
        source.configure_level(5.0)
        source.set_output(True)
        bench.clock.wait(0.05)
        bench.make_safe()
        world = next(iter(bench.instruments.managers.values())).visalib.world
        assert float(world.bench.circuit.voltage("high")) > 4.9, "the cable keeps its charge"
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
        assert abs(float(world.bench.circuit.voltage("high"))) < 5e-3
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.maxima()["D1"]["current"] < 20e-6 and log.maxima()["D2"]["current"] < 20e-6
    assert log.hot_moves() == [] and not any(log.outputs().values())


def test_devices_change_while_the_gate_is_on_and_runs_set_it_again(tmp_path: Path) -> None:
    """A run ends with all outputs off: the transistor is open until the next run sets its gate again."""
    sweep = protocol_named("iv_sweep")(stop=0.02, points=3, compliance=100e-6)
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        control = bench.fixture_control
        assert control is not None
        control.set_value("load_resistance", 1e3)
        for _ in range(2):
            outcome = run_on(bench, sweep, tmp_path / "runs")
            assert outcome.status == "success", outcome.reason
            assert control.value("load_resistance") is None
            assert resistance(bench) > 1e6
        bench.preparation.prepare(["drive"])
        assert resistance(bench) == pytest.approx(1102.0, rel=0.02)
        bench.positioner.connect("D2")
        assert resistance(bench) == pytest.approx(1202.0, rel=0.02)
    assert not any(read_witness(tmp_path / "witness.jsonl").outputs().values())


def test_a_gate_that_leaks_is_found(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path, leak="1meg"), "D1") as bench:
        assert bench.fixture_control is not None
        with pytest.raises(InstrumentError, match=r"the gate of 'R_load' \(role 'gate'\) draws [\d.]+ [nu]A at "
                           r"[\d.]+ m?V: it has reached gate_limit = 1 uA of \[fixture.control.load_resistance\]"):
            bench.fixture_control.set_value("load_resistance", 600.0)
        assert not any(state.enabled for state in bench.source_meter("gate").output_states())


@pytest.mark.sabotage("output")
@pytest.mark.parametrize(("stated", "most"), [("", 3.0), ("gate_max_voltage = '3.5 V'", 3.5)])
def test_the_gate_has_a_largest_voltage_and_current(tmp_path: Path, stated: str, most: float) -> None:
    """A script may set the gate itself. What is too much for it is refused before a message is sent."""
    file = bench_file(tmp_path)
    file.write_text(file.read_text("utf-8").replace('gate_limit = "1 uA"', f'gate_limit = "1 uA"\n{stated}'), "utf-8")
    with Bench.open(file, "D1") as bench:
        gate = bench.source_meter("gate")
        world = next(iter(bench.instruments.managers.values())).visalib.world
        with pytest.raises(LimitError, match=r"compliance 1 mA exceeds the limit gate_limit 1 uA of the gate "
                                             r"of 'R_load'. Choose .* change gate_limit in \[fixture.control.load_res"):
            gate.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=20.0))
        gate.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=20.0))
        gate.configure_measure(MeasureSettings("current", range=1e-6))
        sent = world.faults.total
        for level in (most + 0.01, -most - 0.01):
            with pytest.raises(LimitError, match=rf"the voltage at the gate may reach {most + 0.01:g} V, but "
                                                 rf"gate_max_voltage of the gate of 'R_load' is {most:g} V"):
                gate.set_level(level)
        assert world.faults.total == sent
        bench.positioner.connect("D2")   # the limits of the device do not take their place
        sent = world.faults.total
        with pytest.raises(LimitError, match="gate_max_voltage"):
            gate.set_level(most + 0.01)
        assert world.faults.total == sent
        gate.set_level(most)   # more than max_voltage of the device


@pytest.mark.parametrize(("keys", "message"), [
    ({"gate_max_voltage": 3.0}, "gate_max_voltage need gate"),
    ({"gate": "g", "gate_voltages": (1.0, -4.0), "resistances": (1e3, 2e3), "gate_max_voltage": 3.0},
     "gate_voltages go to 4 V, but gate_max_voltage is 3 V"),
    ({"gate": "g"}, "To get them, connect a short"), ({"gate_voltages": (1.0, 2.0)}, "need gate"),
    ({"gate": "g", "gate_voltages": (1.0, 2.0), "resistances": (1e3,)}, "the same length"),
    ({"gate": "g", "gate_voltages": (1.0, 2.0, 3.0), "resistances": (1e3, 5e2, 6e2)},
     r"steadily with gate_voltages, but 600 Ohm at 3 V"),
    ({"gate": "g", "gate_voltages": (1.0, 1.0), "resistances": (1e3, 5e2)}, r"rise or fall steadily.* at 1 V does not"),
    ({"gate": "g", "gate_voltages": (1.0, 2.0), "resistances": (1e3, 0.0)}, "must be positive"),
    ({"gate": "g", "instrument": "box"}, "not both"),
])
def test_contradictory_gates_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ControlTable.model_validate({"element": "R1", **keys})


@pytest.mark.parametrize(("before", "after", "message"), [
    ('gate = "gate"\n', 'gate = "gat"\n', r"load_resistance.gate: no instrument has the role 'gat'. Did you mean"),
    ('gate = "gate"\n', 'gate = "drive"\n', r"the protocols use the role 'drive' for an instrument at the device"),
    ("control.load_resistance", "control.parallel_capacitance",
     r"gate is only for load_resistance. Move it to \[fixture.control.load_resistance\]"),
])
def test_wrong_gates_are_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    file = bench_file(tmp_path)
    file.write_text(file.read_text("utf-8").replace(f"element = \"R_load\"\n{before}" if "gate =" in before else before,
                                                    f"element = \"R_load\"\n{after}" if "gate =" in before else after,
                                                    1), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        Bench.open(file)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_the_smallest_resistance_of_the_table_is_set_as_it_is(tmp_path: Path, seed: int) -> None:
    """The voltage that is read back may be some mV beyond the table."""
    file = bench_file(tmp_path)
    world = tmp_path / "gate.world.toml"
    world.write_text(world.read_text("utf-8").replace("seed = 6", f"seed = {seed}"), "utf-8")
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        smallest = bench.fixture_control.bounds("load_resistance").low
        assert bench.fixture_control.set_value("load_resistance", smallest) == pytest.approx(smallest, rel=0.02)


def by_hand(bench: Bench, level: float) -> None:
    """Set the gate to a level [V] as a script does, past what sets the resistance."""
    gate = bench.source_meter("gate")
    gate.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=20.0))
    gate.set_level(level)
    gate.set_output(True)


@pytest.mark.parametrize(("level", "expected"), [(3.0, channel_resistance(3.0)), (1.0, channel_resistance(1.0)),
                                                 (3.3, 1.0)])
def test_limits_follow_a_gate_that_a_script_sets(tmp_path: Path, level: float, expected: float) -> None:
    file = bench_file(tmp_path)
    file.write_text(file.read_text("utf-8").replace(
        'gate_limit = "1 uA"', 'gate_limit = "1 uA"\ngate_max_voltage = "3.5 V"'), "utf-8")
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 5e3)
        by_hand(bench, level)
        assert bench.wire_path("drive").resistance == pytest.approx(expected + 2.0)
        assert bench.fixture.control == {}, "what a script has set is not known"
        bench.fixture_control.set_value("load_resistance", 5e3)
        assert bench.wire_path("drive").resistance == pytest.approx(5e3 + 2.0, rel=0.02)


@pytest.mark.sabotage("output")
def test_a_script_does_not_move_the_gate_under_voltage(tmp_path: Path) -> None:
    """The level of the source was allowed behind 5 kOhm; behind 434 Ohm it brings ten times the current."""
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 5e3)
        meter, gate = bench.source_meter(), bench.source_meter("gate")
        meter.configure_source(SourceSettings("voltage", compliance_current=3e-3, range=2.0))
        meter.set_level(0.9)
        meter.set_output(True)
        for act in (lambda: gate.set_level(3.0), lambda: gate.set_output(True),
                    lambda: gate.start_sweep(np.array([1.0, 3.0]), 0.0)):
            with pytest.raises(InstrumentError, match=MUST_NOT):
                act()
        meter.set_output(False)
        gate.set_level(3.0)
    assert read_witness(tmp_path / "witness.jsonl").maxima()["D1"]["current"] < 0.2e-3


def test_a_gate_is_no_current_source(tmp_path: Path) -> None:
    """A current does not tell the voltage of the gate, and so no resistance."""
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        gate = bench.source_meter("gate")
        with pytest.raises(LimitError, match="a gate needs a voltage source"):
            gate.configure_source(SourceSettings("current", compliance_voltage=1.0))


def test_a_transistor_that_conducts_at_0_volts_counts_with_that(tmp_path: Path) -> None:
    """Its gate may go off while another output is on: then it has the least resistance of its table."""
    file = bench_file(tmp_path)
    text = file.read_text("utf-8")
    depletion = re.sub(r"gate_voltages = .*\nresistances = .*",
                       "gate_voltages = [-1.5, -1, 0]\nresistances = [100e3, 10e3, 1e3]", text)
    file.write_text(depletion, "utf-8")
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        assert bench.wire_path("drive").resistance == pytest.approx(1002.0)
        bench.fixture_control.set_value("load_resistance", 50e3)
        assert bench.wire_path("drive").resistance == pytest.approx(1002.0, rel=0.02)
        assert bench.fixture.path_resistance["drive"] == pytest.approx(50e3, rel=0.05)   # for the analysis
    file.write_text(depletion.replace("[-1.5, -1, 0]", "[-1.5, -1, -0.5]"), "utf-8")
    with Bench.open(file, "D1") as bench:
        assert bench.wire_path("drive").resistance == pytest.approx(3.0)   # at 0 V beyond the table


def test_the_least_resistance_of_a_list_of_gate_voltages_counts(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        gate = bench.source_meter("gate")
        gate.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=20.0))
        gate.start_sweep(np.array([1.0, 3.0, 1.0]), 0.0)
        assert bench.wire_path("drive").resistance == pytest.approx(channel_resistance(3.0) + 2.0)
