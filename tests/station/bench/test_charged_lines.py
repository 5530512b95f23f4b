"""An output that goes off leaves a charge on its cable: it is taken off before another device is connected."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.instruments.test_guard_of_pulses import train, unit
from tests.instruments.test_limits import Sent, generator, no_reply, pulse
from tsbench.errors import CommunicationError, InstrumentError, LimitError
from tsbench.instruments import (
    ArbitraryWaveform,
    MeasureSettings,
    OutputState,
    Segment,
    SegmentTrain,
    Site,
    SourceSettings,
)
from tsbench.instruments.guard.exposed_terminals import SAFE_VOLTAGE
from tsbench.instruments.guard.generator import GuardedPulseGenerator
from tsbench.instruments.guard.guarded_source import GuardedSource, discharge
from tsbench.instruments.guard.limits import DeviceGuard, GuardContext, WirePath
from tsbench.instruments.guard.pulse_measure import GuardedPulseMeasure
from tsbench.instruments.guard.source_meter import GuardedSourceMeter
from tsbench.instruments.keithley_2450 import data_sheet as k2450
from tsbench.records import DeviceLimits
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connected_instruments import ConnectedInstruments
from tsbench.station.bench.operator import OperatorPrompt
from tsbench.station.bench.positioners import MatrixPositioner, ProberPositioner

WORLD = """
seed = 1
[witness]
file = "witness.jsonl"
[instruments.source]
model = "{model}"
resource = "USB0::0x0699::0x0001::SIM00001::INSTR"
[instruments.mover]
model = "{mover}"
resource = "{address}"
[fixture]
netlist = '''
R_s s row 1k
C_c row 0 1n
{places}
'''
"""
BENCH = """
visa_library = "world.toml@tsbench"
[instruments.source]
driver = "{driver}"
resource = "USB0::0x0699::0x0001::SIM00001::INSTR"
[instruments.mover]
driver = "{mover}"
resource = "{address}"
[roles]
{role} = "source{channel}"
[fixture]
netlist = '''
R_s s row 1k
C_c row 0 1n
XDUT row 0 device
'''
terminals = {{ "source{channel}" = "s" }}
[positioner]
instrument = "mover"
{positioner}
[devices.D1.limits]
max_voltage = "4 V"
max_current = "5 mA"
[devices.D2.limits]
max_voltage = "0.5 V"
max_current = "100 uA"
"""
MATRIX = {
    "mover": "keithley_707b", "address": "USB0::0x0699::0x0002::SIM00002::INSTR",
    "places": "X1 col1 0 device\nX2 col2 0 device\nC1 col1 0 1p\nC2 col2 0 1p",
    "positioner": 'kind = "matrix"\ndevices = { D1 = ["1A01"], D2 = ["1A02"] }'}
PROBER = {
    "mover": "mpi_sentio", "address": "TCPIP0::10.0.0.3::35555::SOCKET", "places": "XDUT row 0 device",
    "positioner": 'kind = "prober"\ndevices = { D1 = [0, 0, 0], D2 = [1, 0, 0] }'}
AT_MATRIX = """
[fixture.terminals]
"source{channel}" = "s"
"mover.A" = "row"
"mover.101" = "col1"
"mover.102" = "col2"
[fixture.devices]
X1 = "D1"
X2 = "D2"
[devices.D1]
model = "resistor"
parameters = {{ r = "1e12" }}
[devices.D2]
model = "resistor"
parameters = {{ r = "1k" }}
"""
AT_NEEDLES = """
[fixture.terminals]
"source{channel}" = "s"
[wafers.W1]
model = "resistor"
seed = 5
"""
SOURCES = {"keithley_2400": ("keithley_2400", "drive", ""), "keithley_4200": ("keithley_4200", "drive", ".smu1"),
           "keysight_33522b": ("keysight_33500", "pulser", ".1")}


def bench_file(folder: Path, model: str, mover: dict[str, str], world: str) -> Path:
    driver, role, channel = SOURCES[model]
    (folder / "world.toml").write_text(WORLD.format(model=model, **mover) + world.format(channel=channel), "utf-8")
    (folder / "bench.toml").write_text(BENCH.format(driver=driver, role=role, channel=channel, **mover), "utf-8")
    return folder / "bench.toml"


def pulse_measure_bench(folder: Path) -> Path:
    """Write the bench with a 4225-PMU as pulser, behind 5 kOhm."""
    file = bench_file(folder, "keithley_4200", MATRIX, AT_MATRIX)
    for path in (folder / "world.toml", file):
        text = path.read_text("utf-8").replace(".smu1", ".pmu1").replace("drive =", "pulser =")
        path.write_text(text.replace("R_s s row 1k", "R_s s row 5k"), "utf-8")
    return file


def train_of(level: float) -> SegmentTrain:
    return SegmentTrain(level, (Segment(level, 1e-3),) * 3, 1e-5)


def leave_charged(bench: Bench, compliance: float = 1e-3, at_zero: bool = False) -> None:
    """Switch 3.8 V on and off again; ``at_zero``: with 0 V for the moment before."""
    if bench.has("pulser"):
        source: Any = bench.pulse_generator()
        source.configure_load(float("inf"))
        source.configure_level(3.8)
    else:
        source = bench.source_meter()
        source.configure_source(SourceSettings("voltage", compliance_current=compliance, range=20.0))
        source.configure_measure(MeasureSettings("current", range=compliance, nplc=0.01))
        source.set_level(3.8)
    source.set_output(True)
    bench.clock.wait(1e-3 / compliance * 0.05)
    if at_zero:
        source.set_level(0.0)
    source.set_output(False)


def charged_by(bench: Bench, model: str) -> Any:
    """Leave the line to D1 charged to 3.8 V, and return the source, with its output off."""
    if model == "pmu":
        source: Any = bench.pulse_measure()
        source.configure_train(train_of(3.8))
        source.set_output(True)
        source.set_output(False)
        return source
    leave_charged(bench)
    return bench.pulse_generator() if bench.has("pulser") else bench.source_meter()


def largest_current(log: WitnessLog, device: str) -> float:
    return float(log.maxima().get(device, {}).get("current", 0.0))


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("model", SOURCES)
def test_a_matrix_connects_the_next_device_to_a_line_without_charge(tmp_path: Path, model: str) -> None:
    """The first device has 1 TOhm and no scope is there: 1 nF keeps 3.8 V, which the second device must not get."""
    with Bench.open(bench_file(tmp_path, model, MATRIX, AT_MATRIX), "D1") as bench:
        leave_charged(bench)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
    log = read_witness(tmp_path / "witness.jsonl")
    assert largest_current(log, "D2") < 1e-6 and log.maxima()["D1"]["voltage"] == pytest.approx(3.8, rel=0.01)
    assert log.hot_moves() == [] and not any(log.outputs().values())


@pytest.mark.parametrize("model", [*SOURCES, "pmu"])
def test_a_level_that_is_set_once_charges_the_line_each_time(tmp_path: Path, model: str) -> None:
    """The discharge sets the level again, and a script then only switches the output."""
    file = pulse_measure_bench(tmp_path) if model == "pmu" else bench_file(tmp_path, model, MATRIX, AT_MATRIX)
    with Bench.open(file, "D1") as bench:
        source = charged_by(bench, model)
        for _ in range(2):
            bench.positioner.connect("D2")
            assert not source.charged
            bench.positioner.connect("D1")
            source.set_output(True)
            assert source.charged
            bench.clock.wait(0.05)
            source.set_output(False)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
    assert largest_current(read_witness(tmp_path / "witness.jsonl"), "D2") < 10e-6


@pytest.mark.parametrize("at_zero", [False, True])
@pytest.mark.parametrize("stated", ["C_c row 0 1n", ""])
def test_a_small_compliance_does_not_leave_a_charge(tmp_path: Path, stated: str, at_zero: bool) -> None:
    """With 100 nA, 1 nF needs 38 ms to get from 3.8 V to 0 V, whether or not the bench file states it."""
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    file.write_text(file.read_text("utf-8").replace("C_c row 0 1n", stated), "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_charged(bench, 100e-9, at_zero)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
        source = bench.source_meter().source
        assert source is not None and source.compliance == pytest.approx(100e-9)
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.maxima()["D1"]["voltage"] > 3.5 and largest_current(log, "D2") < 1e-6


def test_the_columns_of_a_matrix_lose_their_charge(tmp_path: Path) -> None:
    """Two devices with one top electrode: its cable is behind the relays of the row."""
    common = {**MATRIX, "places": "X1 col1 col2 device\nX2 col1 col3 device\nC1 col1 0 100p\nC2 col2 0 1p\n"
              "C3 col3 0 1p\nR_b b 0 1",
              "positioner": 'kind = "matrix"\ndevices = { D1 = ["1A01", "1B02"], D2 = ["1A01", "1B03"] }'}
    places = AT_MATRIX.replace('"mover.102" = "col2"', '"mover.102" = "col2"\n"mover.103" = "col3"\n"mover.B" = "b"')
    with Bench.open(bench_file(tmp_path, "keysight_33522b", common, places), "D1") as bench:
        leave_charged(bench)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
    assert largest_current(read_witness(tmp_path / "witness.jsonl"), "D2") < 10e-6   # its zero is some mV


def test_a_charge_that_another_process_left_is_taken_off(tmp_path: Path) -> None:
    """The bench is made safe in the middle, as after an error, and opened again."""
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    with Bench.open(file, "D1") as bench:
        leave_charged(bench)
        bench.make_safe()
        again = Bench(bench.file, bench.device)   # its guards have not seen what was set
        again.instruments.connections = bench.instruments.connections
        again.instruments.clock = bench.clock
        again.guards.make_all()
        bench.instruments.discharge = lambda unknown: again.guards.discharge(unknown, None)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
    assert largest_current(read_witness(tmp_path / "witness.jsonl"), "D2") < 1e-6


def routed_bench(folder: Path, model: str = "keithley_2400") -> Path:
    """Write the bench with a route from the row of the source to a line, and the devices at this line."""
    routed = {**MATRIX, "places": MATRIX["places"] + "\nR_l line 0 1e12\nC_l line 0 1p",
              "positioner": MATRIX["positioner"].replace("1A0", "1C0") + "\n[fixture.routing]\nkind = \"matrix\"\n"
              f'instrument = "mover"\n[fixture.routing.states.only]\nroles = ["{SOURCES[model][1]}"]\n'
              'crosspoints = ["1A05"]'}
    at = AT_MATRIX.replace('"mover.A" = "row"', '"mover.A" = "row"\n"mover.105" = "line"\n"mover.C" = "line"')
    return bench_file(folder, model, routed, at)


def leave_the_route(bench: Bench) -> None:
    """Charge the line, then open the route to it."""
    assert bench.routes is not None
    bench.routes.prepare(["drive" if bench.has("drive") else "pulser"])
    leave_charged(bench)
    bench.instruments.crosspoints_of("mover").close_only("routing", ())
    assert bench.routes.routing.state() is None


def test_a_line_that_no_route_leads_to_is_discharged(tmp_path: Path) -> None:
    """A new session has no route: the common line may have what the last one left on it."""
    file = routed_bench(tmp_path)
    for name in ("world.toml", "bench.toml"):   # the charge is on the common line
        text = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("C_c row 0 1n", "C_c line 0 1n" if "world" in name else ""), "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_the_route(bench)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
        assert bench.routes is not None and bench.routes.routing.state() is None
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.maxima()["D1"]["voltage"] > 3.5 and largest_current(log, "D2") < 10e-6 and log.hot_moves() == []


@pytest.mark.parametrize("model", ["keithley_2400", "keysight_33522b"])
def test_the_charge_in_front_of_an_open_route_does_not_go_through_the_device(tmp_path: Path, model: str) -> None:
    """The cable of the source has 3.8 V from D1, and a person has connected D2. A route to D2 closes after 0 V."""
    file, world = routed_bench(tmp_path, model), tmp_path / "world.toml"
    world.write_text(world.read_text("utf-8").replace("R_l line 0 1e12", "R_l line 0 1meg"), "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_the_route(bench)
        bench.clock.wait(0.01)   # behind the route, the charge goes by itself
        bench.instruments.crosspoints_of("mover").close_only("positioner", ["1C02"])
        assert bench.positioner.connected() == "D2"
        bench.positioner.connect("D1")
        bench.clock.wait(0.05)
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.maxima()["D1"]["voltage"] > 3.5 and 0.0 < largest_current(log, "D2") < 10e-6
    assert log.hot_moves() == [] and not any(log.outputs().values())


@pytest.mark.parametrize("failing", ["select", "open_all"])
def test_a_relay_that_fails_leaves_the_line_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str,
) -> None:
    """The cable of the source is discharged then, but not what is behind the relays: it is tried again."""
    with Bench.open(routed_bench(tmp_path), "D1") as bench:
        leave_the_route(bench)
        assert bench.routes is not None
        source = bench.source_meter()
        with monkeypatch.context() as here:
            here.setattr(bench.routes.routing, failing, no_reply)
            with pytest.raises(CommunicationError):
                bench.positioner.connect("D2")
            assert source.charged and bench.positioner.connected() == "D1"
        bench.positioner.connect("D2")
        assert not source.charged and bench.positioner.connected() == "D2"


@pytest.mark.sabotage("output")
def test_after_a_failed_discharge_no_route_stays(tmp_path: Path) -> None:
    with Bench.open(routed_bench(tmp_path), "D1") as bench:
        leave_the_route(bench)
        assert bench.routes is not None
        routing, source = bench.routes.routing, bench.source_meter()
        works, states = source.driver.set_output, list[str | None]()

        def set_output(enabled: bool) -> None:
            states.append(routing.state())
            if enabled and states[-1] is not None:
                no_reply()
            works(enabled)

        source.driver.set_output = set_output
        with pytest.raises(CommunicationError):
            bench.positioner.connect("D2")
        assert "only" in states and routing.state() is None and source.charged
        assert bench.positioner.connected() == "D1"


def test_needles_come_down_without_charge(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path, "keysight_33522b", PROBER, AT_NEEDLES), "D1") as bench:
        world = next(iter(bench.instruments.managers.values())).visalib.world
        mover = bench.instruments.driver_of("mover")
        mover.separate()   # nothing takes the charge of the open needles
        leave_charged(bench)
        bench.positioner.connect("D2")
        assert bench.positioner.connected() == "D2" and abs(float(world.bench.circuit.voltage("row"))) < 1e-3
    log = read_witness(tmp_path / "witness.jsonl")
    assert all(one["current"] < 1e-6 for one in log.maxima().values()) and log.hot_moves() == []


FOUR_WIRE = pytest.mark.parametrize(("model", "name", "channel", "question"), [
    ("keithley_2400", "keithley_2400", "", ":SYST:RSEN?"), ("keithley_2460", "keithley_2460", "", ":SENS:CURR:RSEN?"),
    ("keysight_b2902a", "keysight_b2902a", ".2", ":SENS2:REM?"),
    ("keithley_2602b", "keithley_2600", ".b", "print(smub.sense)")])


def four_wire_bench(folder: Path, model: str) -> Path:
    file = bench_file(folder, model, MATRIX, AT_MATRIX)
    text = file.read_text("utf-8")
    file.write_text(text.replace("[instruments.mover]", "options = { four_wire = true }\n[instruments.mover]"), "utf-8")
    return file


@pytest.mark.parametrize("configured", [True, False])
@FOUR_WIRE
def test_open_sense_leads_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, name: str, channel: str, question: str,
    configured: bool,
) -> None:
    """While relays are open, the sense leads of a source meter are open: it would raise its voltage."""
    monkeypatch.setitem(SOURCES, model, (name, "drive", channel))
    with Bench.open(four_wire_bench(tmp_path, model), "D1") as bench:
        guard: Any = bench.source_meter()
        if configured:
            leave_charged(bench)
        driver: Any = guard.driver
        box = getattr(driver, "box", getattr(driver, "instrument", driver))

        def senses_at_the_device() -> bool:
            return float(box.ask(question)) == 1

        found: list[bool] = []
        discharge([guard], lambda seconds: found.append(senses_at_the_device()), 0.0)

        def fail(seconds: float) -> None:
            raise InstrumentError("no reply")

        with pytest.raises(InstrumentError, match="no reply"):
            discharge([guard], fail, 0.0)
        assert found == [False] and senses_at_the_device()


@pytest.mark.parametrize("lost", [1, 2])
@FOUR_WIRE
def test_a_lost_reply_about_the_sense_leads_does_not_leave_two_wires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, name: str, channel: str, question: str, lost: int,
) -> None:
    """The connection is refused. With two replies lost, four wires are selected before the output goes on."""
    monkeypatch.setitem(SOURCES, model, (name, "drive", channel))
    with Bench.open(four_wire_bench(tmp_path, model), "D1") as bench:
        guard: Any = bench.source_meter()
        leave_charged(bench)
        driver: Any = guard.driver
        box, leads = getattr(driver, "box", getattr(driver, "instrument", driver)), driver.sense_leads
        works, missing = leads._selected, [True] * lost

        def selected() -> Any:
            if missing:
                missing.pop()
                raise CommunicationError("no reply")
            return works()

        leads._selected = selected
        with pytest.raises(CommunicationError, match=r"sources hold 0 V .* but this failed: no reply"):
            bench.positioner.connect("D2")
        assert leads.used and not guard.context.outputs.has(guard.context.terminal)
        assert bench.positioner.connected() == "D1" and guard.charged
        bench.positioner.connect("D1")   # it is connected still, and its limits count again
        if lost == 2:
            box.send(question.replace("?", " OFF") if "?" in question else "smub.sense = 0")   # as if it were not heard
        guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))   # an automatic range: it is off
        guard.configure_measure(MeasureSettings("current", nplc=0.1))
        guard.set_level(0.3)
        guard.set_output(True)
        assert float(box.ask(question)) == 1
        guard.set_output(False)
        bench.positioner.connect("D2")
        assert float(box.ask(question)) == 1


@FOUR_WIRE
def test_two_wires_that_did_not_take_effect_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, name: str, channel: str, question: str,
) -> None:
    """Open sense leads would let the instrument raise its voltage."""
    monkeypatch.setitem(SOURCES, model, (name, "drive", channel))
    with Bench.open(four_wire_bench(tmp_path, model), "D1") as bench:
        guard: Any = bench.source_meter()
        leave_charged(bench)
        guard.driver.sense_leads._select = lambda four: None   # as if the message were not heard
        switched: list[bool] = []
        works = guard.driver.set_output
        guard.driver.set_output = lambda enabled: (switched.append(enabled), works(enabled))
        with pytest.raises(InstrumentError, match="four-wire sensing did not switch off"):
            bench.positioner.connect("D2")
        assert True not in switched


@FOUR_WIRE
def test_a_list_begins_with_the_sense_leads_that_shall_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, name: str, channel: str, question: str,
) -> None:
    monkeypatch.setitem(SOURCES, model, (name, "drive", channel))
    with Bench.open(four_wire_bench(tmp_path, model), "D1") as bench:
        guard: Any = bench.source_meter()
        driver: Any = guard.driver
        box, leads = getattr(driver, "box", getattr(driver, "instrument", driver)), driver.sense_leads
        works, leads._selected = leads._selected, no_reply
        with pytest.raises(CommunicationError):
            discharge([guard], bench.clock.wait, 0.0)
        leads._selected = works
        guard.configure_source(SourceSettings("voltage", compliance_current=1e-4, range=2.0))
        guard.configure_measure(MeasureSettings("current", nplc=0.1))
        box.send(question.replace("?", " OFF") if "?" in question else "smub.sense = 0")
        guard.start_sweep(np.array([0.1, 0.2]), 0.0)
        while guard.sweep_running():
            bench.clock.wait(0.01)
        assert float(box.ask(question)) == 1


@pytest.mark.parametrize("lost", [1, 3])
@pytest.mark.parametrize("model", ["keithley_2400", "keysight_33522b", "pmu"])
def test_a_source_that_did_not_go_off_keeps_0_v(tmp_path: Path, model: str, lost: int) -> None:
    """Its level of before would stand at a device that nobody has asked to get it."""
    file = pulse_measure_bench(tmp_path) if model == "pmu" else bench_file(tmp_path, model, MATRIX, AT_MATRIX)
    with Bench.open(file, "D1") as bench:
        source = charged_by(bench, model)
        works, missing = source.driver.set_output, [True] * lost

        def set_output(enabled: bool) -> None:
            if not enabled and missing:
                missing.pop()
                no_reply()
            works(enabled)

        source.driver.set_output = set_output
        still_on = r"no reply\. The output of .* may still be on, with 0 V\. Switch it off$"
        with pytest.raises(CommunicationError, match="no reply$" if lost == 1 else still_on):
            bench.positioner.connect("D2")
        world = next(iter(bench.instruments.managers.values())).visalib.world
        bench.clock.wait(0.05)
        assert abs(float(world.bench.circuit.voltage("row"))) < 5e-3 and source.charged
        assert source.is_on() == (lost == 3)
        if lost == 3:
            with pytest.raises(LimitError, match="is set yet"):
                source.set_output(True)
        missing.clear()
        source.set_output(False)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
    assert largest_current(read_witness(tmp_path / "witness.jsonl"), "D2") < 10e-6


def test_the_hand_of_a_simulated_bench_connects_to_a_line_without_charge(tmp_path: Path) -> None:
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    text = file.read_text("utf-8")
    file.write_text(text.replace("[positioner]\ninstrument = \"mover\"\n" + MATRIX["positioner"], ""), "utf-8")
    world = (tmp_path / "world.toml").read_text("utf-8").replace(MATRIX["places"], "XDUT row 0 device")
    for line in ('"mover.A" = "row"', '"mover.101" = "col1"', '"mover.102" = "col2"', "[fixture.devices]",
                 'X1 = "D1"', 'X2 = "D2"'):
        world = world.replace(line, "")
    (tmp_path / "world.toml").write_text(world, "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_charged(bench)
        bench.positioner.connect("D2")
        bench.clock.wait(0.05)
    assert largest_current(read_witness(tmp_path / "witness.jsonl"), "D2") < 1e-6


# ------------------------------------------------------------------------------------------------ the guards

def meter(settings: SourceSettings) -> tuple[GuardedSourceMeter, Sent]:
    sent = Sent(k2450.CAPABILITIES)
    guard = GuardedSourceMeter(sent, GuardContext("drive", WirePath(1e3)))
    guard.configure_source(settings)
    guard.configure_measure(MeasureSettings("current" if settings.function == "voltage" else "voltage"))
    return guard, sent


VOLTAGE = SourceSettings("voltage", compliance_current=1e-3, range=2.0)
CURRENT = SourceSettings("current", compliance_voltage=1.0, range=1e-3)


RISING = ArbitraryWaveform(np.linspace(0.0, 0.3, 64), 1e6)


def test_it_holds_zero_for_ten_time_constants_and_for_the_compliance() -> None:
    guard, sent = meter(VOLTAGE)
    guard.set_level(1.5)
    sent.calls.clear()
    waits: list[float] = []
    discharge([guard], waits.append, 20e-9)
    assert sent.calls == ["configure_measure", "configure_source", "set_level", "set_output", "set_output",
                          "configure_source", "configure_measure", "set_level"]
    discharge([guard], waits.append, 0.0)   # the netlist has no capacitor
    assert waits == [pytest.approx(10e-3 + capacitance * (10 * 1e3 + 42.0 / 1e-3)) for capacitance in (20e-9, 10e-9)]
    assert guard.charged is False and guard.context.outputs.terminals == () and guard.source == VOLTAGE


@pytest.mark.parametrize(("limit", "compliance"), [(None, 1e-3), (0.1e-3, 0.1e-3), (1e-9, 10e-6)])
def test_the_compliance_of_a_discharge(limit: float | None, compliance: float) -> None:
    guard, sent = meter(SourceSettings("voltage", compliance_current=1e-9, range=2.0))
    device = DeviceGuard(DeviceLimits(max_current=limit), "D1")
    guard.context = replace(guard.context, device=device)
    found: list[SourceSettings | None] = []
    discharge([guard], lambda seconds: found.append(sent.source), 0.0)
    assert [one and one.compliance for one in found] == [compliance]


def test_a_current_source_has_its_settings_again() -> None:
    guard, sent = meter(CURRENT)
    guard.set_level(1e-4)
    sent.calls.clear()
    discharge([guard], lambda seconds: None, 0.0)
    assert sent.calls == ["configure_source", "configure_measure", "set_level", "set_output", "set_output",
                          "configure_source", "configure_measure", "set_level"]
    assert guard.source == CURRENT


def test_the_level_stays_0_after_a_list_and_where_the_instrument_was_made_safe() -> None:
    for act in (lambda one: one.start_sweep(np.array([0.0, 1.0]), 1e-3), lambda one: setattr(one, "made_safe", True)):
        guard, sent = meter(VOLTAGE)
        guard.set_level(1.5)
        act(guard)
        sent.calls.clear()
        discharge([guard], lambda seconds: None, 0.0)
        assert sent.calls.count("set_level") == 1


def test_a_bench_that_is_made_safe_tells_its_guards(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX), "D1") as bench:
        leave_charged(bench)
        guard: Any = bench.source_meter()
        for act in (bench.make_safe, bench.reopen_and_make_safe):
            guard.made_safe = False
            act()
            assert guard.made_safe
        guard.set_level(0.1)
        assert not guard.made_safe


def test_a_generator_has_its_pulses_again() -> None:
    guard, sent = generator()
    guard.configure_burst(3)
    guard.configure_pulse(pulse(amplitude=0.5))
    sent.calls.clear()
    discharge([guard], lambda seconds: None, 0.0)
    assert sent.calls == ["configure_level", "set_output", "set_output", "configure_pulse", "configure_burst"]
    guard.configure_level_limits(0.2, 1.0)
    sent.calls.clear()
    discharge([guard], lambda seconds: None, 0.0)
    assert sent.calls == ["configure_level_limits", "configure_level", "set_output", "set_output", "configure_pulse",
                          "configure_burst", "configure_level_limits"]


def test_a_generator_has_its_last_shape_again() -> None:
    for act, again in ((lambda one: one.configure_level(0.3), "configure_level"),
                       (lambda one: one.load_waveform(RISING), "load_waveform")):
        guard, sent = generator()
        guard.configure_pulse(pulse(amplitude=0.5))
        act(guard)
        sent.calls.clear()
        discharge([guard], lambda seconds: None, 0.0)
        assert sent.calls == ["configure_level", "set_output", "set_output", again]


def test_levels_are_set_again_under_the_load_of_then() -> None:
    guard, sent = generator()
    guard.configure_load(math.inf)
    guard.configure_level(0.5)
    guard.configure_load(50.0)
    sent.calls.clear()
    discharge([guard], lambda seconds: None, 0.0)
    assert sent.calls == ["configure_level", "set_output", "set_output", "configure_load", "configure_level",
                          "configure_load"]


def test_a_waveform_is_set_again_as_it_was_checked() -> None:
    """The caller may use its array for the next waveform meanwhile."""
    loaded: list[np.ndarray] = []

    class Loaded(Sent):
        def load_waveform(self, waveform: ArbitraryWaveform) -> None:
            loaded.append(np.array(waveform.levels))

    guard = GuardedPulseGenerator(Loaded(generator()[1].capabilities), GuardContext("pulser", WirePath(1e3)))
    levels = np.linspace(0.0, 0.5, 64)
    guard.load_waveform(ArbitraryWaveform(levels, 1e6))
    levels *= 5.0
    discharge([guard], lambda seconds: None, 0.0)
    assert [float(one.max()) for one in loaded] == [0.5, 0.5]


def test_a_pulser_that_samples_has_its_train_again() -> None:
    guard, sent = unit()
    guard.configure_train(train())
    sent.calls.clear()
    discharge([guard], lambda seconds: None, 0.0)
    assert sent.calls == ["configure_train", "set_output", "set_output", "configure_train"]


def test_a_pulser_that_samples_short_ramps_holds_zero_all_the_same(tmp_path: Path) -> None:
    """Ramps of 200 ns may be sampled in a range that needs 1 us for a flat segment; other ranges have other trains."""
    with Bench.open(pulse_measure_bench(tmp_path), "D1") as bench:
        pulser: Any = bench.pulse_measure()
        pulser.configure_ranges(10.0, 100e-6)
        ramps = SegmentTrain(0.0, tuple(Segment(level, 200e-9) for level in (0.02, 0.05, 0.01, 0.0)), 1e-7)
        pulser.configure_train(ramps)
        for device in ("D2", "D1"):
            bench.positioner.connect(device)
        pulser.set_output(True)
        pulser.set_output(False)
        pulser.configure_ranges(10.0, 10e-3)
        bench.positioner.connect("D2")
        with pytest.raises(LimitError, match="no train is set yet"):
            pulser.set_output(True)


@pytest.mark.parametrize("model", ["keithley_2400", "keithley_2602b"])
def test_a_list_does_not_begin_at_the_level_of_the_device_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str,
) -> None:
    """A sweep switches the output on by itself, in some models at the level that is set."""
    monkeypatch.setitem(SOURCES, "keithley_2602b", ("keithley_2600", "drive", ".a"))
    file = bench_file(tmp_path, model, MATRIX, AT_MATRIX)
    # 3.8 V behind 1 kOhm would put 1 V at the 1 kOhm of D2: its compliance of 1 mA does not hide that
    file.write_text(file.read_text("utf-8").replace('max_current = "100 uA"', 'max_current = "10 mA"'), "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_charged(bench, 1e-3)
        bench.positioner.connect("D2")
        source = bench.source_meter()
        source.start_sweep(np.linspace(0.05, 0.2, 4), 0.0)
        while source.sweep_running():
            bench.clock.wait(0.05)
        source.set_output(False)
    assert 0.05 < read_witness(tmp_path / "witness.jsonl").maxima()["D2"]["voltage"] < 0.25


def test_the_capacitance_that_was_measured_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    text = file.read_text("utf-8").replace("C_c row 0 1n\n", "").replace("[positioner]", "[fixture.measured]\n"
                                                                         'parallel_capacitance = "1 uF"\n[positioner]')
    file.write_text(text, "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_charged(bench)
        clock, waited = bench.instruments.clock, list[float]()
        monkeypatch.setattr(bench.instruments, "clock", SimpleNamespace(wait=waited.append, now=clock.now))
        bench.positioner.connect("D2")
    # relays and messages take about 100 ms, which do not count here
    assert max(waited) == pytest.approx(10e-3 + 1e-6 * (10 * 1e3 + 42.0 / 1e-3))


def test_a_level_after_a_burst_has_no_burst(tmp_path: Path) -> None:
    """A 33500 refuses the burst of a constant level: each device after the first one would be refused."""
    with Bench.open(bench_file(tmp_path, "keysight_33522b", MATRIX, AT_MATRIX), "D1") as bench:
        source = bench.pulse_generator()
        source.configure_load(math.inf)
        source.configure_pulse(pulse(amplitude=0.1))
        source.configure_burst(3)
        source.configure_level(0.05)
        source.set_output(True)
        source.set_output(False)
        bench.positioner.connect("D2")
        source.set_output(True)


@pytest.mark.parametrize(("model", "settings"), [
    ("keithley_2400", (SourceSettings("voltage", compliance_current=2e-3), MeasureSettings("current", range=2e-3),
                       SourceSettings("voltage", compliance_current=100e-6))),
    ("keithley_4200", (SourceSettings("voltage", compliance_current=2e-3), MeasureSettings("current", range=1e-3),
                       SourceSettings("voltage", compliance_current=0.5e-3))),
    *((model, (MeasureSettings("current", range=1e-6), SourceSettings("voltage", compliance_current=1e-6)))
      for model in ("keithley_2400", "keithley_4200")),
    *((model, (SourceSettings("current", compliance_voltage=1.0), MeasureSettings("voltage", range=1.0),
               SourceSettings("current", compliance_voltage=0.5))) for model in ("keithley_2400", "keithley_4200"))])
def test_settings_come_back_whatever_their_order(
    tmp_path: Path, model: str, settings: tuple[SourceSettings | MeasureSettings, ...],
) -> None:
    with Bench.open(bench_file(tmp_path, model, MATRIX, AT_MATRIX), "D1") as bench:
        source: Any = bench.source_meter()
        for one in settings:
            (source.configure_source if isinstance(one, SourceSettings) else source.configure_measure)(one)
        before = source.accepted_settings()
        source.set_level(1e-7)
        bench.positioner.connect("D2")
        assert source.accepted_settings() == before


def test_a_source_that_fails_afterwards_keeps_no_other_one_from_its_settings() -> None:
    (first, sent), (second, other) = meter(VOLTAGE), meter(VOLTAGE)

    def lost(seconds: float) -> None:
        sent.configure_source = no_reply   # type: ignore[method-assign]

    with pytest.raises(CommunicationError):
        discharge([second, first], lost, 0.0)
    assert other.source == VOLTAGE and sent.source != VOLTAGE
    with pytest.raises(CommunicationError):
        discharge([first, second], lost, 0.0)
    assert other.source == VOLTAGE


def test_the_message_says_why_0_v_were_set() -> None:
    guard, sent = meter(VOLTAGE)
    sent.set_output = no_reply   # type: ignore[method-assign]
    with pytest.raises(CommunicationError, match=r"another device is connected, all sources hold 0 V .*no reply"):
        discharge([guard], lambda seconds: None, 0.0)


def test_a_resistor_that_a_capacitor_bridges_counts_for_the_time(tmp_path: Path) -> None:
    """For limits, 1 nF across 10 MOhm is a short. For the charge behind it, 10 ms are one time constant."""
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    text = file.read_text("utf-8")
    file.write_text(text.replace("R_s s row 1k", "R_s s row 10MEG\nC_s s row 1n"), "utf-8")
    with Bench.open(file, "D1") as bench:
        begin = bench.clock.now()
        leave_charged(bench)
        bench.positioner.connect("D2")
        assert bench.clock.now() - begin > 10 * 10e6 * 2e-9


def test_an_output_that_does_not_go_on_is_switched_off() -> None:
    guard, sent = meter(VOLTAGE)

    def fails(seconds: float) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        discharge([guard], fails, 0.0)
    assert sent.calls[-4:] == ["set_output", "output_states", "configure_source", "configure_measure"]
    assert guard.context.outputs.terminals == () and guard.charged is not False


def test_a_pulser_that_samples_is_discharged_as_a_bench_is_opened(tmp_path: Path) -> None:
    """What another process left on its cable is not known, and it has no level without a train."""
    with Bench.open(pulse_measure_bench(tmp_path), "D1") as bench:
        pulser: Any = bench.pulse_measure()
        assert pulser.charged is False and not any(state.enabled for state in pulser.output_states())


@pytest.mark.parametrize(("make", "expected"), [
    (lambda: meter(VOLTAGE)[0], None), (lambda: generator()[0], None), (lambda: unit()[0], None)])
def test_at_first_nothing_is_known(make: Callable[[], GuardedSource], expected: bool | None) -> None:
    assert make().charged is expected


@pytest.mark.parametrize("act", [
    lambda one: one.start_sweep(np.array([0.0, 1.0]), 1e-3), lambda one: one.set_level(0.5)])
def test_levels_and_lists_may_leave_a_charge(act: Callable[[GuardedSourceMeter], None]) -> None:
    guard, _ = meter(VOLTAGE)
    discharge([guard], lambda seconds: None, 0.0)
    assert guard.charged is False
    act(guard)
    assert guard.charged
    pulser, _ = unit()
    discharge([pulser], lambda seconds: None, 0.0)
    pulser.configure_train(train())
    assert pulser.charged


@pytest.mark.parametrize("settings", [VOLTAGE, CURRENT])
@pytest.mark.parametrize("lost", ["configure_source", "set_level", "set_output"])
def test_a_discharge_that_fails_leaves_the_settings_of_before(lost: str, settings: SourceSettings) -> None:
    """The second source does not answer. The first one must not keep the compliance of the discharge."""
    (first, sent), (second, other) = meter(settings), meter(VOLTAGE)
    first.set_level(1e-4)
    setattr(other, lost, no_reply)
    for _ in range(2):
        with pytest.raises(CommunicationError):
            discharge([first, second], lambda seconds: None, 0.0)
        assert sent.source == settings == first.source and sent.calls[-1] == "set_level"
        assert first.charged and second.charged and not first.context.outputs.terminals


def test_a_source_that_does_not_take_its_settings_again_must_be_configured() -> None:
    guard, sent = meter(VOLTAGE)
    guard.set_level(1.5)

    def lost(seconds: float) -> None:
        sent.configure_source = no_reply   # type: ignore[method-assign]

    with pytest.raises(CommunicationError):
        discharge([guard], lost, 0.0)
    with pytest.raises(LimitError, match="Configure the source first"):
        guard.set_output(True)


def test_a_generator_that_does_not_take_its_pulses_again_must_be_configured() -> None:
    guard, sent = generator()
    guard.configure_load(math.inf)
    guard.configure_pulse(pulse(amplitude=1.0))
    sent.configure_pulse = no_reply   # type: ignore[method-assign]
    with pytest.raises(CommunicationError):
        discharge([guard], lambda seconds: None, 0.0)
    with pytest.raises(LimitError, match="no level is set yet"):
        guard.set_output(True)


def test_a_level_that_may_not_have_come_back_counts() -> None:
    """0 V or 2 V are set: the output goes on only where 2 V are allowed."""
    guard, sent = meter(SourceSettings("voltage", compliance_current=1e-3, range=20.0))
    guard.set_level(2.0)

    def set_level(level: float) -> None:
        if level:
            no_reply()

    sent.set_level = set_level   # type: ignore[method-assign]
    with pytest.raises(CommunicationError):
        discharge([guard], lambda seconds: None, 0.0)
    guard.context = replace(guard.context, device=DeviceGuard(DeviceLimits(max_voltage=1.0), "D2"))
    with pytest.raises(LimitError, match="max_voltage of D2 is 1 V"):
        guard.set_output(True)


def test_a_level_whose_message_failed_may_leave_a_charge() -> None:
    guard, sent = meter(VOLTAGE)
    source, driver = generator()
    discharge([guard, source], lambda seconds: None, 0.0)
    sent.set_level = no_reply   # type: ignore[method-assign]
    driver.configure_level = no_reply   # type: ignore[method-assign]
    for act in (lambda: guard.set_level(1.0), lambda: source.configure_level(0.5)):
        with pytest.raises(CommunicationError):
            act()
    assert guard.charged and source.charged


def test_a_pulser_that_samples_rests_at_0_volts() -> None:
    trains: list[SegmentTrain] = []

    class Loaded(Sent):
        def configure_train(self, train: SegmentTrain) -> SegmentTrain:
            trains.append(train)
            return train

    guard = GuardedPulseMeasure(Loaded(unit()[1].capabilities), GuardContext("pulser", WirePath(1e3)))
    kept = SegmentTrain(1.0, (Segment(2.0, 1e-6), Segment(1.0, 1e-6)), 1e-7)
    guard.configure_train(kept)
    discharge([guard], lambda seconds: None, 0.0)
    _, zero, after = trains
    assert zero.base == 0.0 and {one.level for one in zero.segments} == {0.0} and after == kept


def test_sources_count_as_on_while_they_hold_0_volts() -> None:
    """So the bench watches over them, and waits less for replies."""
    guard, _ = meter(VOLTAGE)
    found: list[tuple[str, ...]] = []
    discharge([guard], lambda seconds: found.append(guard.context.outputs.terminals), 0.0)
    assert found == [(guard.context.terminal,)]


def test_the_time_follows_the_capacitors_of_the_netlist(tmp_path: Path) -> None:
    """1 uF behind 1 kOhm needs 10 ms, and 50 ms with 1 mA from 42 V."""
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    file.write_text(file.read_text("utf-8").replace("C_c row 0 1n", "C_c row 0 1u"), "utf-8")
    with Bench.open(file, "D1") as bench:
        leave_charged(bench)
        begin = bench.clock.now()
        bench.guards.discharge(False, None)
        assert bench.clock.now() - begin > 10e-3 + 1e-6 * (10 * 1e3 + 42.0 / 1e-3)


def test_zero_before_the_output_goes_off_proves_nothing() -> None:
    guard, _ = meter(VOLTAGE)
    guard.set_level(1.5)
    guard.set_output(True)
    guard.set_level(0.0)
    guard.set_output(False)
    source, _ = generator()
    for level in (0.5, 0.0, 0.0):
        source.configure_level(level)
    source.set_output(True)
    source.set_output(False)
    assert guard.charged and source.charged


def test_a_current_source_charges_a_cable_at_its_level_0_too() -> None:
    guard, _ = meter(CURRENT)
    guard.set_level(0.0)
    guard.set_output(True)
    guard.set_output(False)
    assert guard.charged


@pytest.mark.parametrize(("rating", "seconds"), [(SAFE_VOLTAGE, 42e-3), (200.0, 200e-3)])
def test_the_voltage_that_may_stand_at_a_cable(rating: float, seconds: float) -> None:
    guard, _ = meter(VOLTAGE)
    device = DeviceGuard(DeviceLimits(max_current=10e-6), "D1")
    guard.context = replace(guard.context, device=device, rating=rating, path=WirePath(0.0))
    assert guard.discharge_time(0.0) == pytest.approx(10e-3 + seconds)


class Mover:
    """A matrix and a prober in one: notes what is done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def require_off(self, what: str) -> None:
        self.done.append("off")

    def discharge(self) -> None:
        self.done.append("discharge")

    def claim(self, part: str, points: list[str]) -> None:
        pass

    def closed(self, part: str) -> set[str]:
        return {"1A01"}

    def close_only(self, part: str, points: list[str]) -> None:
        self.done.append(f"close {' '.join(points)}".strip())

    def in_contact(self) -> bool:
        return True

    def site(self) -> Site:
        return Site(0, 0, 0)

    def move_to(self, site: Site) -> None:
        self.done.append("move")

    def contact(self) -> None:
        self.done.append("contact")


def test_what_moves_while_the_next_device_is_connected() -> None:
    """Outputs are read back after the discharge too, and no two devices are connected at once."""
    mover: Any = Mover()
    matrix = MatrixPositioner(mover, {"D1": ["1A01"], "D2": ["1A02"]}, mover.require_off, mover.discharge)
    matrix.connect("D2")
    assert mover.done == ["off", "discharge", "off", "close", "close 1A02"]
    mover.done.clear()
    prober = ProberPositioner(
        mover, {"D1": Site(0, 0, 0), "D2": Site(1, 0, 0)}, mover.require_off, mover.discharge)
    prober.connect("D2")
    assert mover.done == ["off", "move", "discharge", "off", "contact"]


@pytest.mark.parametrize(("again", "moves"), [(False, []), (True, ["discharge", "off", "close"])])
def test_contacts_of_the_same_device_open_without_charge(again: bool, moves: list[str]) -> None:
    """Connected again, the relays open and close. Else they stay closed, and nothing is taken off."""
    mover: Any = Mover()
    matrix = MatrixPositioner(mover, {"D1": ["1A01"], "D2": ["1A02"]}, mover.require_off, mover.discharge)
    matrix.connect("D1", again)
    assert mover.done == ["off", *moves, "close 1A01"]
    mover.done.clear()
    prober = ProberPositioner(mover, {"D1": Site(0, 0, 0)}, mover.require_off, mover.discharge)
    prober.connect("D1", again)
    assert mover.done == (["off", "move", "discharge", "off", "contact"] if again else [])


def test_the_usual_operator_moves_nothing_under_voltage_and_no_charge(tmp_path: Path) -> None:
    """The one of a bench file without [positioner]."""
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    text = file.read_text("utf-8").replace("[positioner]\ninstrument = \"mover\"\n" + MATRIX["positioner"], "")
    file.write_text(text, "utf-8")
    asked: list[bool] = []
    instruments = ConnectedInstruments(BenchFile.load(file), lambda question: "")
    instruments.discharge = asked.append
    state = OutputState("source", True)
    driver = SimpleNamespace(output_states=lambda: [state])
    instruments.connections["source"] = SimpleNamespace(driver=driver)   # type: ignore[assignment]
    with pytest.raises(InstrumentError, match="the connection to the device must not change while an output is on"):
        instruments.positioner.connect("D2")
    state = OutputState("source", False)
    instruments.positioner.connect("D2")
    assert asked == [True] and instruments.positioner.connected() == "D2"


def test_before_a_person_moves_a_charge_that_another_command_left_is_taken_off_too(tmp_path: Path) -> None:
    """`tsbench measure --device D1`, then `--device D2`: the second command cannot know what the first one left."""
    asked: list[bool] = []
    file = bench_file(tmp_path, "keithley_2400", MATRIX, AT_MATRIX)
    text = file.read_text("utf-8").replace(str(MATRIX["positioner"]), 'kind = "operator"')
    file.write_text(text.replace('instrument = "mover"\n', "").replace("[instruments.source]", "connected = \"D1\"\n"
                                                                       "[instruments.source]"), "utf-8")
    with Bench.open(file, "D1", ask=lambda question: "") as bench:
        assert isinstance(bench.instruments.positioner, OperatorPrompt)
        bench.instruments.discharge = asked.append
        bench.positioner.connect("D2")
    assert asked == [True]
