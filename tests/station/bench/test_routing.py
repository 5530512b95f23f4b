"""Source meter and generator share a device: by relays of a matrix, by an operator, and because one is off."""

import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, OutputOffSelectable, SourceSettings
from tsbench.protocols import protocol_named
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.crosspoints import ClosedCrosspoints
from tsbench.station.bench.operator import OperatorBox, OperatorRouting
from tsbench.station.bench.routing import MatrixRouting, OutputOffRouting
from tsbench.station.runner import run_on
from tsbench.station.runner.planning import checked_plan

METERS = {
    "keithley_2450": "USB0::0x05E6::0x2450::SIM00031::INSTR",
    "keysight_b2902a": "USB0::0x0957::0x8C18::SIM00031::INSTR",
    "keithley_2400": "GPIB0::24::INSTR", "keithley_2612b": "USB0::0x05E6::0x2612::SIM00031::INSTR",
}
WORLD = """
seed = 5
[witness]
file = "witness.jsonl"
[instruments.meter]
model = "{model}"
resource = "{resource}"
serial = "SIM00031"
[instruments.generator]
model = "keysight_33622a"
resource = "USB0::0x2A8D::0x5A01::SIM00032::INSTR"
[instruments.scope]
model = "keysight_dsox3054t"
resource = "USB0::0x2A8D::0x1764::SIM00033::INSTR"
{matrix}
[fixture]
netlist = '''
R_meter smu   {meter_end} 2
R_pulse gen1  {pulse_end} 2
C_probe dut   0    30p
XDUT    dut   low  device
R_shunt low   0    50
{wires}
'''
[fixture.terminals]
"meter{channel}" = "smu"
"generator.1" = "gen1"
"scope.1" = "dut"
"scope.2" = "low"
{terminals}
[devices.D1]
model = "resistor"
parameters = {{ r = 10e3 }}
{tables}
"""
BENCH = """
visa_library = "route.world.toml@tsbench"
[instruments.meter]
driver = "{driver}"
resource = "{resource}"
{options}
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::0x2A8D::0x5A01::SIM00032::INSTR"
[instruments.scope]
driver = "keysight_infiniivision"
resource = "USB0::0x2A8D::0x1764::SIM00033::INSTR"
{matrix}
[roles]
drive = "meter{channel}"
pulser = "generator.1"
scope = "scope"
[fixture]
netlist = '''
R_meter smu  dut 2
R_pulse gen1 {pulse_end} 2
C_probe dut  0   30p
XDUT    dut  low device
R_shunt low  0   50
{wires}
'''
{tee}
[fixture.terminals]
"meter{channel}" = "smu"
"generator.1" = "gen1"
"scope.1" = "dut"
"scope.2" = "low"
[fixture.sensing]
voltage_high = "scope.1"
voltage_low = "scope.2"
current = "scope.2"
current_resistance = 50
{routing}
[devices.D1]
"""
THROUGH = 1 / (1 / 10050 + 1e-6) + 2   #: [Ohm] device and shunt, beside the input of the scope, behind the lead
MATRIX = '[instruments.matrix]\n{} = "keithley_707b"\nresource = "GPIB0::16::INSTR"\n'
BY_MATRIX = """[fixture.routing]
kind = "matrix"
instrument = "matrix"
[fixture.routing.states]
dc = { roles = ["drive"], crosspoints = ["1A01"] }
pulses = { roles = ["pulser"], crosspoints = ["1B01"] }
"""
BY_HAND = """[fixture.routing]
kind = "operator"
[fixture.routing.states]
dc = { roles = ["drive"] }
pulses = { roles = ["pulser"] }
"""
BY_OFF = BY_HAND.replace("operator", "output_off")


def bench_file(folder: Path, routing: str = "", *, meter: str = "keithley_2450", driver: str = "", channel: str = "",
               options: str = "", world: dict[str, str] | None = None, bench: dict[str, str] | None = None) -> Path:
    filled = {"model": meter, "resource": METERS[meter], "channel": channel, "matrix": "", "meter_end": "dut",
              "pulse_end": "dut", "wires": "", "terminals": "", "tables": ""}
    (folder / "route.world.toml").write_text(WORLD.format(**{**filled, **(world or {})}), "utf-8")
    believed = {"driver": driver or meter, "resource": METERS[meter], "channel": channel, "options": options,
                "matrix": "", "routing": routing, "pulse_end": "dut", "wires": "", "tee": ""}
    (folder / "route.bench.toml").write_text(BENCH.format(**{**believed, **(bench or {})}), "utf-8")
    return folder / "route.bench.toml"


def by_matrix(folder: Path, routing: str = BY_MATRIX) -> Path:
    return bench_file(
        folder, routing, bench={"matrix": MATRIX.format("driver")},
        world={"matrix": MATRIX.format("model"), "meter_end": "a", "pulse_end": "b",
               "terminals": '"matrix.A" = "a"\n"matrix.B" = "b"\n"matrix.101" = "dut"'})


def by_hand(folder: Path, routing: str = BY_HAND, first: str = "") -> Path:
    return bench_file(
        folder, routing, world={
            "meter_end": "a", "pulse_end": "b", "wires": "R_dc a dut 0.1\nR_fast b dut 0.1",
            "tables": f'[switch]\npositions = {{ dc = ["R_dc"], pulses = ["R_fast"] }}\n{first}'})


def resistance(bench: Bench) -> float:
    """Return the resistance [Ohm] that the source meter finds."""
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3))
    meter.set_level(1.0)
    meter.set_output(True)
    found = meter.measure()
    meter.set_output(False)
    return 1.0 / found.current if found.current > 1e-9 else math.inf


def hot_moves(folder: Path) -> list[Any]:
    return read_witness(folder / "witness.jsonl").hot_moves()


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("file", [by_matrix, by_hand])
def test_the_route_is_selected_with_all_outputs_off(tmp_path: Path, file: Any) -> None:
    """Without a route nothing is connected; the wrong one is refused; the right one measures the device."""
    with Bench.open(file(tmp_path), "D1") as bench:
        assert bench.routes is not None and bench.routes.routing.state() is None
        with pytest.raises(LimitError, match=r"no state of the routing is selected. Select the state 'dc' first"):
            resistance(bench)
        bench.preparation.prepare(["drive", "scope"])
        assert bench.routes.routing.state() == "dc"
        assert resistance(bench) == pytest.approx(THROUGH, rel=2e-3)
        generator = bench.pulse_generator()
        generator.configure_load(math.inf)
        generator.configure_level(0.5)
        with pytest.raises(LimitError, match=r"the state 'dc' does not connect the role 'pulser'"):
            generator.set_output(True)
        meter = bench.source_meter()
        meter.set_output(True)
        with pytest.raises(InstrumentError, match=r"the route to the device must not change while an output is on"):
            bench.preparation.prepare(["pulser"])
        meter.set_output(False)
        bench.preparation.prepare(["pulser"])
        generator.set_output(True)
        generator.set_output(False)
    assert hot_moves(tmp_path) == []


@pytest.mark.parametrize("file", [by_matrix, by_hand])
def test_a_missing_route_is_an_open_circuit(tmp_path: Path, file: Any) -> None:
    """The same world with a bench file that has no routes."""
    with Bench.open(file(tmp_path, ""), "D1") as bench:
        assert resistance(bench) > 1e7


def test_the_runner_selects_the_route_of_each_protocol(tmp_path: Path) -> None:
    with Bench.open(by_matrix(tmp_path), "D1") as bench:
        sweep = protocol_named("iv_sweep")(stop=1.0, points=5, compliance=1e-3)
        train = protocol_named("pulse_train")(amplitude=[1.0], count=2, period=1e-4, width=1e-6)
        states = []
        for protocol in (sweep, train, sweep):
            outcome = run_on(bench, protocol, tmp_path / "runs")
            assert outcome.status == "success", outcome.reason
            assert bench.routes is not None
            states.append(bench.routes.routing.state())
        assert states == ["dc", "pulses", "dc"]
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.hot_moves() == [] and not any(log.outputs().values())


def test_a_protocol_without_a_common_route_is_refused(tmp_path: Path) -> None:
    class Both(protocol_named("iv_sweep")):  # type: ignore[misc]
        roles = ("drive", "pulser")

    with Bench.open(by_matrix(tmp_path), "D1") as bench, pytest.raises(
            ConfigurationError, match=r"no state that connects drive and pulser at the same time. Its states are dc, "):
        checked_plan(bench, Both())


def test_a_matrix_may_set_routes_and_connect_devices(tmp_path: Path) -> None:
    """A route stays when another device is connected, and the other way round."""
    file = by_matrix(tmp_path, BY_MATRIX + '[positioner]\nkind = "matrix"\ninstrument = "matrix"\n'
                                           '[positioner.devices]\nD1 = ["1C02", "1D03"]\n'
                                           'D2 = ["1D03", "1C04"]\n[devices.D2]\n')
    with Bench.open(file, "D1") as bench:
        matrix = bench.instruments.driver_of("matrix")
        bench.preparation.prepare(["drive"])
        assert sorted(matrix.closed()) == ["1A01", "1C02", "1D03"] and bench.positioner.connected() == "D1"
        bench.positioner.connect("D2")
        assert sorted(matrix.closed()) == ["1A01", "1C04", "1D03"] and bench.positioner.connected() == "D2"
        bench.preparation.prepare(["pulser"])
        assert sorted(matrix.closed()) == ["1B01", "1C04", "1D03"] and bench.positioner.connected() == "D2"


def test_an_operator_confirms_each_route() -> None:
    asked: list[str] = []
    answers = ["", "q"]

    def ask(question: str) -> str:
        asked.append(question)
        return answers[len(asked) - 1]

    routing = OperatorRouting({"dc": "connects meter to the device", "pulses": "connects generator.1 to the device"},
                              "pulses", ask)
    routing.select("pulses")
    assert not asked   # as the bench file says
    routing.select("dc")
    assert asked == ["The outputs are off. Set the state 'dc' of the wiring (connects meter to the device)."]
    with pytest.raises(ConfigurationError, match="was not set, because you chose to end"):
        routing.select("pulses")
    assert routing.state() is None   # nobody knows
    with pytest.raises(LimitError, match=r"has no state 'ac'. Did you mean 'dc'"):
        routing.select("ac")


def test_an_operator_who_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ConfigurationError, match=r'must be set by hand.*write state = "dc" in \[fixture.routing\]'):
        OperatorRouting({"dc": "connects meter to the device"}).select("dc")
    with pytest.raises(ConfigurationError, match=r"resistance 5 kOhm must be set by hand, .* Run tsbench in a term"):
        OperatorBox("load resistance", "Ohm").set_value(5e3)


def test_a_matrix_that_does_not_close_what_it_should() -> None:
    """The message names the crosspoints that are closed."""
    stuck = SimpleNamespace(close_only=lambda points: None, closed=lambda: ["1B03", "1A01"])
    routing = MatrixRouting(ClosedCrosspoints(stuck), {"dc": ["1A02"], "pulses": ["1A01"]})
    with pytest.raises(InstrumentError, match=r"the crosspoints of state 'dc' after .*: closed are 1A01, 1B03\. Check"):
        routing.select("dc")


def test_a_state_without_a_matrix_has_no_crosspoints(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"states.dc: kind is 'operator', so this state has no crosspoints"):
        Bench.open(bench_file(tmp_path, BY_HAND.replace('["drive"] }', '["drive"], crosspoints = ["1A01"] }')))


def test_a_run_whose_route_cannot_be_set_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    train = protocol_named("pulse_train")(amplitude=[1.0], count=2, period=1e-4, width=1e-6)
    sweep = protocol_named("iv_sweep")(stop=0.1, points=3, compliance=1e-3)
    file = bench_file(tmp_path, BY_HAND.replace('"operator"', '"operator"\nstate = "dc"'))
    with Bench.open(file, "D1") as bench:
        assert run_on(bench, sweep, tmp_path / "runs").status == "success"   # as the bench file says
        with pytest.raises(ConfigurationError, match=r"state 'pulses' .* must be set by hand"):
            run_on(bench, train, tmp_path / "none")
    assert not (tmp_path / "none").exists() or not any((tmp_path / "none").iterdir())


@pytest.mark.parametrize(("meter", "driver", "channel", "word"), [
    ("keithley_2450", "keithley_2450", "", "HIMP"), ("keysight_b2902a", "keysight_b2902a", ".1", "HIZ"),
    ("keithley_2400", "keithley_2400", "", "HIMP"), ("keithley_2612b", "keithley_2600", ".a", "high_impedance"),
])
def test_the_source_meter_that_is_off_isolates(
    tmp_path: Path, meter: str, driver: str, channel: str, word: str,
) -> None:
    """In the state NORMAL its 0 V would short the pulses; it is set to high impedance, read back, and they arrive."""
    file = bench_file(tmp_path, BY_OFF, meter=meter, driver=driver, channel=channel,
                      options='options = { output_off = "normal" }')
    with Bench.open(file, "D1") as bench:
        assert isinstance(bench.instruments.driver_of(f"meter{channel}"), OutputOffSelectable)
        assert bench.describe()["meter"]["settings"].get("output_off") != word
        with pytest.raises(LimitError, match="no state of the routing is selected"):
            bench.preparation.prepare([])
            resistance(bench)
        bench.preparation.prepare(["drive"])
        assert resistance(bench) == pytest.approx(THROUGH, rel=2e-3)
        bench.preparation.prepare(["pulser"])
        settings = bench.describe()["meter"]["settings"]
        assert settings.get("output_off", settings.get("1.output_off")) == word
        with pytest.raises(LimitError, match="the state 'pulses' does not connect the role 'drive'"):
            bench.source_meter().set_output(True)
        generator = bench.pulse_generator()
        generator.configure_load(math.inf)
        generator.configure_level(1.0)
        generator.set_output(True)
        world = next(iter(bench.instruments.managers.values())).visalib.world
        bench.clock.wait(1e-3)
        assert float(world.bench.circuit.voltage("dut")) == pytest.approx(10050 / 10102, rel=0.02)
        generator.set_output(False)
    assert hot_moves(tmp_path) == []


def test_a_source_that_is_not_known_to_isolate_is_refused() -> None:
    """A driver that cannot set the state, of an instrument without a relay."""
    states = {"dc": ["meter"], "pulses": ["pulser"]}
    drivers = {"meter": SimpleNamespace(capabilities=SimpleNamespace(off_isolates=True)), "pulser": SimpleNamespace()}
    with pytest.raises(ConfigurationError, match=r"does not know that 'pulser' isolates while its output is off"):
        OutputOffRouting(states, drivers.__getitem__)
    drivers["pulser"] = SimpleNamespace(set_output_off=lambda state: "normal")
    with pytest.raises(InstrumentError, match=r"output-off state of 'pulser' is normal after high_impedance was set"):
        OutputOffRouting(states, drivers.__getitem__).select("dc")


TEE = "C_tee tee mid 100n\nR_2 mid dut 10\nC_2 mid dut 1u"


def test_a_pulse_passes_the_capacitor_of_a_bias_tee(tmp_path: Path) -> None:
    """Its limits are those of a short; the source meter does not pass it. Both may be on, and their currents add up."""
    file = bench_file(tmp_path, bench={"pulse_end": "tee", "wires": TEE, "tee": 'bias_tee = "C_tee"'})
    with Bench.open(file, "D1") as bench:
        assert bench.fixture.path_resistance["pulser"] == pytest.approx(112.0)
        assert bench.fixture.path_resistance["drive"] == pytest.approx(52.0)
        path = bench.wire_path("pulser")
        assert path.coupled and not bench.wire_path("drive").coupled
        assert path.share == 1.0   # the capacitor of the tee holds all, whatever others hold
    file.write_text(file.read_text("utf-8").replace('bias_tee = "C_tee"', ""), "utf-8")
    with Bench.open(file, "D1") as bench:
        assert "pulser" not in bench.fixture.path_resistance


@pytest.mark.parametrize(("before", "after", "message"), [
    ('"drive"]', '"drives"]', r"states.dc: no instrument has the role 'drives'. Did you mean 'drive'"),
    (', crosspoints = ["1A01"]', "", r"states.dc: kind is 'matrix', so this state needs crosspoints"),
    ('instrument = "matrix"', 'instrument = "meter"',
     r"fixture.routing.instrument: 'meter' must be a switch matrix, but it is a source meter. Name another"),
    ('kind = "matrix"', 'kind = "matrix"\nstate = "dc"', 'state is only for kind = "operator"'),
    ('kind = "matrix"', 'kind = "output_off"', 'instrument is only for kind = "matrix"'),
])
def test_wrong_routes_are_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench.open(by_matrix(tmp_path, BY_MATRIX.replace(before, after, 1)))


def test_a_state_of_an_operator_must_exist(tmp_path: Path) -> None:
    file = bench_file(tmp_path, BY_HAND.replace('"operator"', '"operator"\nstate = "ac"'))
    with pytest.raises(ConfigurationError, match=r"fixture.routing.state: there is no state 'ac'"):
        Bench.open(file)


@pytest.mark.parametrize(("before", "after", "message"), [
    ('"R_dc"', '"R_ac"', r"switch.positions.dc: the netlist has no resistor 'R_ac'"),
    ("", 'first = "ac"', r"switch.first: there is no position 'ac'. Did you mean 'dc'"),
])
def test_a_wrong_switch_of_the_world_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    file = by_hand(tmp_path, first="" if before else after)
    world = tmp_path / "route.world.toml"
    if before:
        world.write_text(re.sub(before, after, world.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        Bench.open(file)


@pytest.mark.parametrize(("before", "after", "message"), [
    ('"1A01"', '"1I01"', r"routing.states.dc: the switch matrix 'matrix' has no crosspoint '1I01'. A crosspoint is a "
                         r"slot 1 to 6, a row A to H and a column 01 to 12, for example 1A01"),
    ('"1A01"', '"1A13"', r"routing.states.dc: the switch matrix 'matrix' has no crosspoint '1A13'"),
    ('"1A01"', '"1A01", "1a01"', r"routing.states.dc: the crosspoint 1A01 is there twice"),
    ('"1A01"', '"1A01", "1B01"', r"routing.states.dc: its crosspoints include all of fixture.routing.states.pulses, so "
                                 r"they also connect the role 'pulser'"),
    ('roles = ["drive"], crosspoints = ["1A01"]', 'roles = ["pulser"], crosspoints = ["1B01"]',
     r"routing.states.dc: it has the same crosspoints as fixture.routing.states.pulses"),
    ('"1A01"', '"2A01"', r"\[fixture.routing.states\]: matrix .* no crosspoint '2A01', because its slot 2 is empty"),
])
def test_crosspoints_are_compared_with_the_matrix_and_with_each_other(
    tmp_path: Path, before: str, after: str, message: str,
) -> None:
    with pytest.raises(ConfigurationError, match=rf"route.bench.toml: .*{message}"):
        Bench.open(by_matrix(tmp_path, BY_MATRIX.replace(before, after, 1)))


def test_a_device_does_not_use_a_crosspoint_of_a_route(tmp_path: Path) -> None:
    file = by_matrix(tmp_path, BY_MATRIX + '[positioner]\nkind = "matrix"\ninstrument = "matrix"\n'
                                           '[positioner.devices]\nD1 = ["1A01", "1C03"]\n')
    with pytest.raises(ConfigurationError, match=r"positioner.devices.D1: the crosspoint 1A01 is in "
                                                 r"fixture.routing.states.dc too"):
        Bench.open(file)


def test_both_roles_of_a_terminal_are_in_the_routing_or_none_is(tmp_path: Path) -> None:
    """The source meter drives sweeps in one state, and oscillations in another one."""
    file = by_hand(tmp_path)
    text = file.read_text("utf-8").replace('drive = "meter"', 'drive = "meter"\nbias = "meter"')
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=r"role 'bias' is in no state, but its terminal 'meter' also "
                                                 r"has the role 'drive', which reaches the device only in 'dc'\. Add"):
        Bench.open(file)
    file.write_text(text.replace('pulses = { roles = ["pulser"]', 'pulses = { roles = ["pulser", "bias"]'), "utf-8")
    with Bench.open(file, "D1") as bench:
        for roles in (["drive"], ["bias"], ["pulser"]):
            bench.preparation.prepare(roles)
            meter = bench.source_meter(roles[0]) if roles != ["pulser"] else bench.source_meter("bias")
            meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
            meter.set_output(True)
            meter.set_output(False)


def test_the_terminal_of_two_roles_does_not_go_on_in_a_state_of_neither(tmp_path: Path) -> None:
    file = by_hand(tmp_path, BY_HAND.replace('["drive"]', '["drive", "bias"]'))
    file.write_text(file.read_text("utf-8").replace('drive = "meter"', 'drive = "meter"\nbias = "meter"'), "utf-8")
    with Bench.open(file, "D1") as bench:
        bench.preparation.prepare(["pulser"])
        meter = bench.source_meter("bias")
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
        with pytest.raises(LimitError, match="the state 'pulses' does not connect the role"):
            meter.set_output(True)
