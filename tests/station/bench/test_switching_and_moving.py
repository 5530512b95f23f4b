"""A bench that connects its devices, sets its fixture and its temperature by itself: crossbar and wafer."""

import json
import math
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from examples import crossbar_curves, wafer_map
from tsbench.cli import main
from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.instruments.links.liveness import UNWATCHED
from tsbench.protocols import protocol_named
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.runner import run_on
from tsbench.storage import read_run

EXAMPLES = Path(__file__).parents[3] / "examples"


def copied(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Copy an example with changes in its bench and its world file; return the bench file."""
    for kind in ("bench", "world"):
        text = (EXAMPLES / f"{name}.{kind}.toml").read_text("utf-8")
        for before, after in changes:
            text = text.replace(before, after)
        (folder / f"{name}.{kind}.toml").write_text(text, "utf-8")
    return folder / f"{name}.bench.toml"


@pytest.mark.parametrize("script", [crossbar_curves, wafer_map])
def test_the_scripts_are_short(script: ModuleType) -> None:
    assert len(Path(str(script.__file__)).read_text("utf-8").splitlines()) <= 60


@pytest.mark.thorough
def test_a_point_of_the_curves_of_a_crossbar(tmp_path: Path) -> None:
    """The frequency is that of the witness, at the temperature, load and capacitance that were set."""
    with Bench.open(copied(tmp_path, "crossbar")) as bench:
        crossbar_curves.prepare(bench)
        assert bench.temperature is not None and bench.fixture_control is not None
        assert bench.temperature.set_temperature(305.0) == pytest.approx(305.0, abs=0.1)
        assert bench.fixture_control.set_value("load_resistance", 4000.0) == 4000.0
        assert bench.fixture_control.set_value("parallel_capacitance", 1.5e-9) == pytest.approx(1.5e-9)
        assert bench.fixture.path_resistance["bias"] == pytest.approx(4050.0)
        assert bench.fixture.parallel_capacitance == pytest.approx(1.53e-9)
        found = {}
        for device in ("D11", "D12"):
            bench.positioner.connect(device)
            assert bench.positioner.connected() == device
            begin = bench.clock.now()
            found[device] = crossbar_curves.frequency(bench), begin, bench.clock.now()
        log = read_witness(tmp_path / "crossbar.witness.jsonl")
    for device, (value, begin, end) in found.items():
        true = log.frequency(begin + 5e-4, end)
        assert true is not None and value == pytest.approx(true, rel=0.02) and 3e5 < true < 2e6
        assert {event.device for event in log.switching_on(begin, begin + 12e-3)} == {device}
    log = read_witness(tmp_path / "crossbar.witness.jsonl")
    assert log.hot_moves() == [] and not any(log.outputs().values())
    sneak = log.sneak_currents("D11", 0.0, found["D12"][1])
    assert 0 < max(sneak.values()) < 0.05 * log.maxima()["D11"]["current"]


def test_nothing_moves_while_an_output_is_on(tmp_path: Path) -> None:
    with Bench.open(copied(tmp_path, "crossbar"), "D11") as bench:
        assert bench.fixture_control is not None and bench.positioner.connected() == "D11"
        bias = bench.pulse_generator("bias")
        bias.configure_load(math.inf)
        bias.configure_level(0.1)
        bias.set_output(True)
        with pytest.raises(InstrumentError, match=r"relays of the switch matrix must not change.*generator.1"):
            bench.positioner.connect("D12")
        with pytest.raises(InstrumentError, match="the load resistance must not change"):
            bench.fixture_control.set_value("load_resistance", 5e3)
        bias.set_output(False)
        bench.positioner.connect("D12")
        assert bench.positioner.connected() == "D12"
        with pytest.raises(ConfigurationError, match=r"'D1' is not in \[positioner.devices\]"):
            bench.positioner.connect("D1")
        with pytest.raises(LimitError, match="the resistance"):
            bench.fixture_control.set_value("load_resistance", 0.1)
        with pytest.raises(ConfigurationError, match="'inductance' is not in"):
            bench.fixture_control.set_value("inductance", 1.0)
    assert read_witness(tmp_path / "crossbar.witness.jsonl").hot_moves() == []


def test_limits_follow_the_load_that_was_set(tmp_path: Path) -> None:
    """Behind 100 Ohm, 3 V could drive 20 mA through a shorted device; behind 4 kOhm they could not."""
    with Bench.open(copied(tmp_path, "crossbar")) as bench:
        assert bench.fixture_control is not None
        bias = bench.pulse_generator("bias")
        bias.configure_load(math.inf)
        bench.fixture_control.set_value("load_resistance", 4e3)
        assert bias.configure_level(3.0) == pytest.approx(3.0)
        bias.configure_level(0.0)
        bench.fixture_control.set_value("load_resistance", 100.0)
        with pytest.raises(LimitError, match="max_current"):
            bias.configure_level(3.0)


@pytest.mark.soak
def test_all_curves_of_a_crossbar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the 32 lines has the frequency of its device by the witness, while the output was on."""
    crossbar_curves.main(str(copied(tmp_path, "crossbar")))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    log = read_witness(tmp_path / "crossbar.witness.jsonl")
    switched = [record["t"] for record in log.of_kind("output") if record["instrument"] == "generator"]
    begins, ends = switched[::2], switched[1::2]
    assert len(lines) == len(begins) == 32
    for line, begin, end in zip(lines, begins, ends, strict=True):
        true = log.frequency(begin + 5e-4, end)
        assert true is not None and float(line[-2]) == pytest.approx(true, rel=0.02)
        assert {event.device for event in log.switching_on(begin, end)} == {line[0]}
    point = {tuple(line[1::2][:3]): float(line[-2]) for line in lines if line[0] == "D11"}
    for (kelvins, ohms, farads), hertz in point.items():   # hotter: faster; more load or capacitance: slower
        assert point["305", ohms, farads] >= hertz >= point["300", ohms, farads]
        assert point[kelvins, "7000", farads] <= hertz <= point[kelvins, "5000", farads]
        assert point[kelvins, ohms, "2e-09"] <= hertz <= point[kelvins, ohms, "1e-09"]
    assert log.hot_moves() == [] and not any(log.outputs().values())


def test_the_heater_is_off_after_the_curves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a point fails: the range of the heater of the virtual controller is 0 then."""
    ranges: list[Any] = []
    loops: list[Any] = []

    def failed(bench: Bench) -> float:
        world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
        loops.extend(world.instruments["lakeshore"].loops)
        ranges.extend(loop.range for loop in loops)
        raise InstrumentError("no record")

    monkeypatch.setattr(crossbar_curves, "frequency", failed)
    with pytest.raises(InstrumentError, match="no record"):
        crossbar_curves.main(str(copied(tmp_path, "crossbar")))
    assert any(ranges) and not any(loop.range for loop in loops)


@pytest.mark.thin(2)
@pytest.mark.parametrize("prober", ["mpi_sentio", "formfactor_velox"])
def test_twenty_dies_of_a_wafer(tmp_path: Path, prober: str, capsys: pytest.CaptureFixture[str]) -> None:
    resource = "TCPIP0::10.0.0.5::35555::SOCKET" if prober == "mpi_sentio" else "GPIB0::28::INSTR"
    path = copied(tmp_path, "wafer", ("mpi_sentio", prober), ("TCPIP0::10.0.0.5::35555::SOCKET", resource))
    wafer_map.main(str(path))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20 and all(re.fullmatch(r"W1_x-?\dy-?\d_1 1\.\d+e\+05 Ohm", line) for line in lines)
    assert len({line.split()[1] for line in lines}) > 15   # each is another device
    log = read_witness(tmp_path / "wafer.witness.jsonl")
    highest = log.maxima()
    for name, ohms, _ in map(str.split, lines):   # within the accuracy of the source meter
        assert float(ohms) == pytest.approx(highest[name]["voltage"] / highest[name]["current"], rel=2e-3)
    touched = [record["device"] for record in log.of_kind("device")]
    assert [line.split()[0] for line in lines] == list(dict.fromkeys(touched))
    assert log.hot_moves() == [] and not any(log.outputs().values())


@pytest.mark.thin(2)
@pytest.mark.parametrize("prober", ["mpi_sentio", "formfactor_velox"])
def test_a_lost_contact_is_found_when_the_device_is_connected_again(tmp_path: Path, prober: str) -> None:
    resource = "TCPIP0::10.0.0.5::35555::SOCKET" if prober == "mpi_sentio" else "GPIB0::28::INSTR"
    path = copied(tmp_path, "wafer", ("mpi_sentio", prober), ("TCPIP0::10.0.0.5::35555::SOCKET", resource),
                  ('travel_time = "0.8 s"', 'travel_time = "0.8 s"\nlost_contacts = 0.4'))
    lost, tries = 0, 0
    with Bench.open(path) as bench:
        drive = bench.source_meter("drive")
        drive.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
        drive.configure_measure(MeasureSettings("current", range=1e-4, nplc=0.1))
        for device in bench.positioner.devices():
            for again in (False, True, True, True, True, True, True, True):
                bench.positioner.connect(device, again)
                assert bench.positioner.connected() == device
                drive.set_level(0.2)
                drive.set_output(True)
                current = drive.measure().current
                drive.set_output(False)
                tries += 1
                if current is not None and abs(current) > 1e-6:
                    break
                lost += 1
            assert current == pytest.approx(1.6e-6, rel=0.3), device
    assert lost > 3 and binomtest(lost, tries, 0.4).pvalue > 0.01
    log = read_witness(tmp_path / "wafer.witness.jsonl")
    assert log.hot_moves() == [] and not any(log.outputs().values())


def test_a_prober_does_not_move_while_an_output_is_on(tmp_path: Path) -> None:
    with Bench.open(copied(tmp_path, "wafer"), "W1_x0y0_1") as bench:
        drive = bench.source_meter("drive")
        drive.configure_source(SourceSettings("voltage", compliance_current=1e-4, range=2.0))
        drive.set_output(True)
        with pytest.raises(InstrumentError, match="the position of the chuck must not change"):
            bench.positioner.connect("W1_x1y0_1")
        assert bench.positioner.connected() == "W1_x0y0_1"
        drive.set_output(False)


@pytest.mark.parametrize("prober", ["mpi_sentio", "formfactor_velox"])
def test_a_place_that_the_wafer_does_not_have_is_told_with_its_device(tmp_path: Path, prober: str) -> None:
    resource = "TCPIP0::10.0.0.5::35555::SOCKET" if prober == "mpi_sentio" else "GPIB0::28::INSTR"
    path = copied(tmp_path, "wafer", ("mpi_sentio", prober), ("TCPIP0::10.0.0.5::35555::SOCKET", resource),
                  ("[1, 1, 0]", "[1, 1, 3]"))
    with Bench.open(path) as bench:
        device = next(name for name, place in bench.file.table.positioner.devices.items() if list(place) == [1, 1, 3])
        with pytest.raises(InstrumentError, match=rf"did not go to '{device}' \(column 1, row 1, subsite 3\). Correct"):
            bench.positioner.connect(device)


def test_a_temperature_that_is_not_reached_is_an_error(tmp_path: Path) -> None:
    path = copied(tmp_path, "crossbar", ('settling = "20 s"', 'settling = "20 s"\ntimeout = "30 s"'))
    with Bench.open(path) as bench:
        assert bench.temperature is not None
        with pytest.raises(InstrumentError, match="the chuck is not stable at 310 K after 30 s"):
            bench.temperature.set_temperature(310.0, ramp=2e-3)
        assert bench.temperature.temperature() == pytest.approx(296.0, abs=0.5)
        heater = bench.instruments.connections["lakeshore"].driver
        assert not any(state.enabled for state in heater.output_states())
        assert bench.temperature.bounds.low == 296.0   # this chuck has only a heater, and its plans know it


def test_a_chuck_that_stays_too_warm_is_told_how_plans_refuse_such_a_temperature(tmp_path: Path) -> None:
    path = copied(tmp_path, "crossbar", ('lowest = "296 K"', 'timeout = "30 s"'))
    with Bench.open(path) as bench:
        assert bench.temperature is not None
        with pytest.raises(InstrumentError, match=r"stable at 270 K after 30 s\..*It is still warmer\. Check the"):
            bench.temperature.set_temperature(270.0)
        bench.temperature.heater_off()


@pytest.mark.parametrize(("name", "change", "message"), [
    ("crossbar", ('instrument = "matrix"', 'instrument = "load"'),
     "'load' must be a switch matrix, but it is a decade box"),
    ("crossbar", ('instrument = "lakeshore"', 'instrument = "scope"'),
     "'scope' must be a temperature controller, but it is an oscilloscope"),
    ("crossbar", ('instrument = "tank"', 'instrument = "scope"'),
     "'scope' must be a decade box, but it is an oscilloscope"),
    ("crossbar", ('element = "RL"', 'element = "RX"'), "the netlist has no resistor 'RX'"),
    ("crossbar", ('element = "RL"', 'element = "CP"'), "load_resistance.element: the netlist has no resistor 'CP'"),
    ("crossbar", ('element = "CP"', 'element = "RL"'), "capacitance.element: the netlist has no capacitor 'RL'"),
    ("crossbar", ('instrument = "tank"', 'instrument = "load"'), "'load' sets load_resistance already"),
    ("crossbar", ("D22 = [", "D23 = ["), "device 'D23' is not on the bench"),
    ("crossbar", ('"1A02", "1B04"', '"1A02", "1B13"'), "D22: the switch matrix 'matrix' has no crosspoint '1B13'"),
    ("crossbar", ('"1A02", "1B04"', '"1A02", "1B02"'),
     "positioner.devices.D22: its crosspoints 1A02, 1B02 connect row A with row B, but those of positioner.devices.D11 "
     "(1A01, 1B03) keep the two apart"),
    ("crossbar", ('"1A02", "1B04"', '"1A02", "1B04", "1B03"'),
     "D22: its crosspoints include all of positioner.devices.D21 (1A02, 1B03), so both devices would be connected"),
    ("crossbar", ('"scope.1" = "drive"', '"scope.1" = "drive", "load.high" = "drive"'),
     "'load.high' names a channel, but a meatest_m632 has none. A decade box is an element of the netlist"),
    ("wafer", ("[2, 1, 0]", "[0.5, 1, 0]"), "is [0.5, 1, 0]. Write column, row and subsite as whole numbers"),
    ("wafer", ("[2, 1, 0]", "[2]"), "must be column, row and subsite"),
    ("wafer", ("[2, 1, 0]", "[]"), "names no place"),
    ("wafer", ("[2, 1, 0]", "[1, 1]"), "have the same place [1, 1]"),
    ("crossbar", ("[positioner]\n", "[fixture.measured]\npath_resistance = { bias = 5e3 }\n[positioner]\n"),
     "holds for one value of the fixture only"),
])
def test_what_a_bench_file_says_of_them(tmp_path: Path, name: str, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        BenchFile.load(copied(tmp_path, name, change))


def test_the_curves_have_a_point_for_each_setting() -> None:
    assert len(crossbar_curves.POINTS) == 8 and np.ptp([kelvins for kelvins, _, _ in crossbar_curves.POINTS]) == 5


@pytest.mark.thorough
def test_the_curves_of_a_crossbar_are_those_of_the_witness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    """The whole script, with three of its settings: each line has its device, and the frequency of that device."""
    windows: list[tuple[float, float, float]] = []
    frequency = crossbar_curves.frequency

    def noted(bench: Bench) -> float:
        begin = bench.clock.now()
        windows.append((frequency(bench), begin, bench.clock.now()))
        return windows[-1][0]

    points = [(300.0, 5e3, 1e-9), (300.0, 7e3, 1e-9), (305.0, 5e3, 2e-9)]
    assert set(points) <= set(crossbar_curves.POINTS)
    monkeypatch.setattr(crossbar_curves, "frequency", noted)
    monkeypatch.setattr(crossbar_curves, "POINTS", points)
    crossbar_curves.main(str(copied(tmp_path, "crossbar")))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == 3 * ["D11", "D12", "D21", "D22"]
    log = read_witness(tmp_path / "crossbar.witness.jsonl")
    for (device, *_, value, _), (measured, begin, end) in zip(lines, windows, strict=True):
        true = log.frequency(begin + 5e-4, end)
        assert true is not None and measured == pytest.approx(true, rel=0.02) and float(value) == pytest.approx(
            measured, rel=1e-3)
        assert {event.device for event in log.switching_on(begin, end)} == {device}
    base, higher_load, hot = (np.array([value for value, *_ in windows[first:first + 4]]) for first in (0, 4, 8))
    assert np.all(higher_load < 0.9 * base) and np.all(hot < 0.75 * base)
    assert log.hot_moves() == [] and not any(log.outputs().values())


def test_an_operator_sets_the_load_and_confirms_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers = iter(["", "q"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        "tsbench.station.bench.operator._ask_on_terminal", lambda question: asked.append(question) or next(answers))
    path = copied(tmp_path, "crossbar", ('instrument = "load"\nelement', "element"))
    with Bench.open(path) as bench:
        control = bench.fixture_control
        assert control is not None and control.value("load_resistance") is None
        assert control.set_value("load_resistance", 4700.0) == control.value("load_resistance") == 4700.0
        assert "Set the load resistance 4.7 kOhm" in asked[0]
        assert bench.fixture.path_resistance["bias"] == pytest.approx(4750.0)
        with pytest.raises(ConfigurationError, match="you chose to end"):
            control.set_value("load_resistance", 1e3)
        assert control.value("load_resistance") == 4700.0


def test_the_limits_and_the_name_follow_the_device_that_is_connected(tmp_path: Path) -> None:
    """A script connects another device of the crossbar: its own limits hold, and its name is in the run file."""
    path = copied(tmp_path, "crossbar")
    path.write_text(f"{path.read_text('utf-8')}\n[devices.D22.limits]\nmax_voltage = '0.5 V'\n", "utf-8")
    with Bench.open(path) as bench:
        assert bench.device.identifier == ""
        bias = bench.pulse_generator("bias")
        bias.configure_load(math.inf)
        for device in ("D22", "D11", "D22"):
            bench.positioner.connect(device)
            assert bench.device.identifier == bench.positioner.connected() == device
            if device == "D11":
                bias.configure_level(3.0)
                bias.set_output(True)
                with pytest.raises(InstrumentError, match="the relays of the switch matrix must not change while an"):
                    bench.positioner.connect("D22")
                assert bench.device.identifier == "D11"
                bias.set_output(False)
            else:
                with pytest.raises(LimitError, match=r"max_voltage .*of D22"):
                    bias.configure_level(3.0)
        with pytest.raises(ConfigurationError, match="device 'D33'"):
            bench.positioner.connect("D33")
        assert bench.device.identifier == "D22"


def test_while_it_is_not_certain_which_device_is_connected_the_limits_of_both_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = copied(tmp_path, "crossbar")
    path.write_text(f"{path.read_text('utf-8')}\n[devices.D22.limits]\nmax_voltage = '0.5 V'\n", "utf-8")
    with Bench.open(path, "D11") as bench:
        bias = bench.pulse_generator("bias")
        bias.configure_load(math.inf)
        bias.configure_level(3.0)
        monkeypatch.setattr(bench.instruments.positioner, "connect", lambda device, again: (_ for _ in ()).throw(
            InstrumentError("the relays moved, and then the connection was lost")))
        with pytest.raises(InstrumentError, match="the connection was lost"):
            bench.positioner.connect("D22")
        assert bench.device.identifier == "D11"
        with pytest.raises(LimitError, match="max_voltage"):
            bias.configure_level(3.0)


@pytest.mark.parametrize(("measured", "right"), [("6.6 kOhm", False), ("5.2 kOhm", True), ("5.05 kOhm", True)])
def test_a_measured_resistance_of_another_netlist_is_refused(tmp_path: Path, measured: str, right: bool) -> None:
    table = f"[fixture.measured]\npath_resistance = {{ bias = '{measured}' }}\n"
    path = copied(tmp_path, "nbo2", ("[devices.D1]\nmaterial", f"{table}[devices.D1]\nmaterial"))
    if right:
        with Bench.open(path, "D1") as bench:
            stated, limits = float(measured.split(maxsplit=1)[0]) * 1e3, bench.wire_path("bias").resistance
            assert bench.fixture.path_resistance["bias"] == stated and limits == min(stated, 5100.0)
        return
    with pytest.raises(ConfigurationError, match=r"says 6\.6 kOhm between generator\.2 and the device, but the netlist "
                                                 r"says 5\.1 kOhm\. If the netlist is right, delete this"):
        Bench.open(path, "D1")


def test_a_run_has_the_device_that_is_connected_and_the_measured_temperature(tmp_path: Path) -> None:
    path = copied(tmp_path, "crossbar", ('[devices.D22]\nmaterial = "NbO2"', '[devices.D22]\ntemperature = "290 K"'))
    protocol = protocol_named("oscillation").parse({"bias": [3.0], "record_span": 2e-6})
    with Bench.open(path) as bench:
        with pytest.raises(ConfigurationError, match="no device is connected"):
            run_on(bench, protocol, tmp_path / "runs", extract=False)
        assert bench.temperature is not None and bench.fixture_control is not None
        bench.temperature.set_temperature(305.0)
        bench.fixture_control.set_value("load_resistance", 5e3)
        bench.fixture_control.set_value("parallel_capacitance", 1e-9)
        bench.positioner.connect("D22")
        outcome = run_on(bench, protocol, tmp_path / "runs", extract=False)
    assert outcome.status == "success" and outcome.path is not None and "-D22-" in outcome.path.name
    run = read_run(outcome.path)
    assert run.header.device.identifier == "D22"
    assert run.header.provenance["temperature"] == pytest.approx(305.0, abs=0.2)
    assert any(event.kind == "warning" and "the bench file says 290 K for device D22, but the chuck is at 305." in
               event.message for event in run.events)


def test_check_names_a_device_that_is_not_on_the_wafer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copied(tmp_path, "wafer")
    assert main(["check", str(path), "--json"]) == 0
    assert "wafer map" not in capsys.readouterr().out
    path = copied(tmp_path, "wafer", ("[2, 1, 0]", "[20, 1, 0]"))
    assert main(["check", str(path), "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert [one for one in warnings if "wafer map" in one] == [
        "device W1_x2y1_1: the wafer map has no die in column 20, row 1, so it cannot be measured. Correct its place "
        "in [positioner.devices], or load another wafer map"]


def test_a_temperature_in_degrees_celsius_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    path = copied(tmp_path, "crossbar")
    with Bench.open(path) as bench:
        assert bench.temperature is not None
        heater = bench.instruments.connections["lakeshore"].driver
        with pytest.raises(LimitError, match=r"25 K is below 296 K, .*If you mean 25 degrees Celsius, give 298\.15 K"):
            bench.temperature.set_temperature(25.0)
        with pytest.raises(LimitError, match=r"700 K is above 400 K, the highest one of the chuck.*change highest in"):
            bench.temperature.set_temperature(700.0)
        assert bench.temperature.bounds.high == 400.0
        with pytest.raises(LimitError, match=r"290 K is below 296 K, the lowest one of the chuck\. If the chuck can"):
            bench.temperature.set_temperature(290.0)
        with pytest.raises(LimitError, match="must be a finite number"):
            bench.temperature.set_temperature(float("nan"))
        with pytest.raises(ConfigurationError, match=r"the temperature is '300 K'\. It must be a number"):
            bench.temperature.set_temperature("300 K")  # type: ignore[arg-type]
        assert not any(state.enabled for state in heater.output_states())


def test_a_watchdog_begins_before_the_heater_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no output was ever on, and again when a run, which has a watchdog of its own, is over."""
    begun: list[bool] = []
    with Bench.open(copied(tmp_path, "crossbar")) as bench:
        assert bench.temperature is not None
        heater = bench.instruments.connections["lakeshore"].driver
        monkeypatch.setattr(bench.instruments._standby, "begin", lambda liveness: begun.append(
            any(state.enabled for state in heater.output_states())))
        bench.temperature.set_temperature(297.0)
        assert begun == [False] and any(state.enabled for state in heater.output_states())
        bench.instruments.report_to(UNWATCHED)
        assert len(begun) == 2
        bench.temperature.heater_off()
        bench.instruments.report_to(UNWATCHED)
        assert len(begun) == 2


def test_a_decade_box_of_another_quantity_is_refused(tmp_path: Path) -> None:
    path = copied(
        tmp_path, "crossbar", ('instrument = "tank"\n', ""), ('instrument = "load"\n', 'instrument = "tank"\n'))
    with pytest.raises(ConfigurationError, match=r"load_resistance.instrument: 'tank' sets a value in F, not in Ohm"):
        Bench.open(path)


def test_check_counts_the_smallest_load_and_every_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With 1 Ohm in the box the generator reaches 0.2 A: max_current protects. A device without a place is told."""
    path = copied(tmp_path, "crossbar", ('D22 = ["1A02", "1B04"]\n', ""))
    assert main(["check", str(path), "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert not any("protects nothing" in line for line in warnings)
    assert [line for line in warnings if "no place" in line] == [
        "device D22 has no place in [positioner.devices], so it cannot be measured. Add its place"]


@pytest.mark.parametrize(("closed", "problem"), [
    ({"D11": "1A01 1B03 1C02", "D12": "1A01 1B04 1C02", "D21": "1A02 1B03 1C01", "D22": "1A02 1B04 1C01"}, ""),
    ({"D11": "1A01 1B03 1B02", "D12": "1A01 1B04 1B02", "D21": "1A02 1B03 1B01", "D22": "1A02 1B04 1B01"}, ""),
    ({"D11": "1A01 1B03 1C02 1C04", "D12": "1A01 1B04 1C02 1C03", "D21": "1A02 1B03 1C01 1C04",
      "D22": "1A02 1B04 1C01 1C03"}, ""),
    ({"D11": "1A01 1B03 1C02", "D12": "1A01 1B04 1C02", "D21": "1A02 1B03 1C01", "D22": "1A02 1B04 1C02"},
     "connect row A with row C"),
    ({"D11": "1A01 1B03", "D12": "1A01 1B04", "D21": "1A02 1B03", "D22": "1A02 1B04 1B02"}, "connect row A with row B"),
])
def test_lines_that_are_not_selected_may_be_grounded_by_the_matrix(
    tmp_path: Path, closed: dict[str, str], problem: str,
) -> None:
    path = copied(tmp_path, "crossbar")
    text = path.read_text("utf-8")
    begin, end = text.index("D11 = ["), text.index("[temperature]")
    lines = "".join(f"{name} = {json.dumps(points.split())}\n" for name, points in closed.items())
    path.write_text(f"{text[:begin]}{lines}\n{text[end:]}", "utf-8")
    if problem:
        with pytest.raises(ConfigurationError, match=problem):
            Bench.open(path)
    else:
        with Bench.open(path) as bench:
            for name in closed:
                bench.positioner.connect(name)
                assert bench.positioner.connected() == name
