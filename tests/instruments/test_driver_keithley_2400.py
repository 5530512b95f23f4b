"""The driver of the 2400 family on its virtual instruments through VISA, and I-V sweeps of a device with it."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.demo.truth import true_value
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on, read_witness
from tsbench.station.bench.bench import Bench
from tsbench.storage import read_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WORLD = """
seed = 3
[instruments.meter]
model = "MODEL"
resource = "GPIB0::24::INSTR"
[fixture]
netlist = "R1 smu 0 10k"
terminals = { meter = "smu" }
"""
BENCH = """
visa_library = "meter.world.toml@tsbench"
[instruments.meter]
driver = "MODEL"
resource = "GPIB0::24::INSTR"
[fixture.high_voltage]
rating = "1100 V"
interlock = "the lid of the box"
[roles]
drive = "meter"
"""


def bench_file(folder: Path, model: str) -> Path:
    for name, text in (("meter.world.toml", WORLD), ("meter.bench.toml", BENCH)):
        (folder / name).write_text(text.replace("MODEL", model), "utf-8")
    return folder / "meter.bench.toml"


@pytest.fixture(params=["keithley_2400", "keithley_2401", "keithley_2410"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    with Bench.open(bench_file(tmp_path, request.param)) as opened:
        yield opened


@pytest.fixture
def meter(bench: Bench) -> SourceMeter:
    return bench.source_meter()


def sourcing(meter: SourceMeter, limit: float = 1e-3) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=limit, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=1.0))


@pytest.mark.sabotage("units")
def test_ohms_law_within_the_accuracy(meter: SourceMeter) -> None:
    sourcing(meter)
    meter.set_level(1.5)
    meter.set_output(True)
    reading = meter.measure()
    meter.set_output(False)
    assert reading.voltage == pytest.approx(1.5, abs=1.5 * 0.3e-3 + 900e-6)
    assert reading.current == pytest.approx(1.5e-4, abs=1.5e-4 * 0.6e-3 + 130e-9)
    assert reading.flags == Flag.NONE


def test_compliance_is_flagged(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    meter.configure_measure(MeasureSettings("current", range=1e-4))
    meter.set_level(3.0)
    meter.set_output(True)
    reading = meter.measure()
    meter.set_output(False)
    assert reading.flags == Flag.COMPLIANCE
    assert reading.current == pytest.approx(1e-4, rel=2e-3) and reading.voltage == pytest.approx(1.0, rel=3e-3)


def test_a_current_is_sourced(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("current", compliance_voltage=5.0, range=1e-3))
    meter.configure_measure(MeasureSettings("voltage", range=2.0))
    meter.set_level(1e-4)
    meter.set_output(True)
    assert meter.measure().voltage == pytest.approx(1.0, rel=5e-3)
    meter.set_output(False)


@pytest.mark.sabotage("units", "output")
def test_a_native_sweep(bench: Bench, meter: SourceMeter, tmp_path: Path) -> None:
    sourcing(meter)
    levels = np.linspace(-1.0, 1.0, 121)
    meter.start_sweep(levels, 1e-3)
    polls = [meter.poll_sweep()]
    while polls[-1] < len(levels):
        bench.clock.wait(0.05)
        polls.append(meter.poll_sweep())
    assert set(polls) == {0, 121} and len(polls) > 5
    readings = meter.fetch_sweep(0, 121)
    assert np.array([reading.current for reading in readings]) == pytest.approx(levels / 10e3, abs=3e-7)
    meter.set_output(False)
    assert outputs_left_on(tmp_path / "witness.jsonl") == []


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("how", ["output", "safe"])
def test_a_stop_during_a_sweep_switches_the_output_off_within_a_second(
    bench: Bench, meter: SourceMeter, tmp_path: Path, how: str,
) -> None:
    sourcing(meter)
    meter.set_level(1.0)
    meter.set_output(True)
    meter.start_sweep(np.full(1000, 1.0), 1.0)   # a quarter of an hour
    bench.clock.wait(5.0)
    assert meter.sweep_running() and outputs_left_on(tmp_path / "witness.jsonl") == ["meter"]
    began = bench.clock.now()
    meter.set_output(False) if how == "output" else bench.make_safe()
    log = read_witness(tmp_path / "witness.jsonl")
    assert outputs_left_on(tmp_path / "witness.jsonl") == []
    off = max(record["t"] for record in log.of_kind("output") if not record["on"])
    assert began < off < began + 1.0


def test_an_abort_leaves_level_and_output(bench: Bench, meter: SourceMeter) -> None:
    sourcing(meter)
    meter.start_sweep(np.linspace(0.0, 1.0, 500), 0.1)
    bench.clock.wait(2.0)
    meter.abort()
    assert meter.output_states()[0].enabled
    meter.set_level(0.5)
    assert meter.measure().current == pytest.approx(5e-5, rel=2e-2)
    meter.set_output(False)


def test_a_serial_port_has_neither_poll_nor_clear_and_still_sweeps_and_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end comes as the reply to ``*OPC?``, and ^C takes the place of a device clear (manual, p. 14-14)."""
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    path = bench_file(tmp_path, "keithley_2400")
    for name in ("meter.world.toml", "meter.bench.toml"):
        text = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("GPIB0::24::INSTR", "ASRL3::INSTR"), "utf-8")
    with Bench.open(path) as bench:
        meter = bench.source_meter()
        assert meter.capabilities.maximum_sweep_points == 25
        sourcing(meter)
        levels = np.linspace(0.0, 1.0, 25)
        meter.start_sweep(levels, 1e-2)
        polls = [meter.poll_sweep()]
        while polls[-1] < len(levels):
            bench.clock.wait(0.05)
            polls.append(meter.poll_sweep())
        readings = meter.fetch_sweep(0, 25)
        assert np.array([reading.current for reading in readings]) == pytest.approx(levels / 10e3, abs=3e-7)
        assert len(polls) > 5
        meter.start_sweep(levels, 10.0)
        bench.clock.wait(1.0)
        began = bench.clock.now()
        meter.set_output(False)
        assert bench.clock.now() - began < 1.0
    assert outputs_left_on(tmp_path / "witness.jsonl") == []


@pytest.mark.parametrize(("link", "settings"), [
    ("{ baud_rate = 19200 }", "19200 bit/s, 8 data bits, parity none, 1 stop bit, flow control none, CR at the end"),
    ('{ parity = "odd", data_bits = 7, read_termination = "\\r\\n" }', "9600 bit/s, 7 data bits, parity odd, 1 stop "
     "bit, flow control none, CRLF at the end")])
def test_a_serial_port_with_wrong_settings_is_told_with_them(
    tmp_path: Path, link: str, settings: str, capsys: pytest.CaptureFixture[str],
) -> None:
    """The instrument says nothing then; which of the two is wrong can only be seen at its panel."""
    path = bench_file(tmp_path, "keithley_2400")
    for name in ("meter.world.toml", "meter.bench.toml"):
        text = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("GPIB0::24::INSTR", "ASRL3::INSTR"), "utf-8")
    path.write_text(path.read_text("utf-8").replace('ASRL3::INSTR"', f'ASRL3::INSTR"\nlink = {link}'), "utf-8")
    assert main(["check", str(path)]) != 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"The serial port has {settings}" in said
    assert "If the instrument has other settings, write them in [instruments.meter.link] of the bench file" in said


@pytest.mark.thin(2)
@pytest.mark.sabotage("resistor", "units", "output")
@pytest.mark.parametrize("model", ["keithley_2400", "keithley_2410"])
def test_the_threshold_of_nbo2_is_within_its_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model: str,
) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    for kind in ("bench", "world"):
        text = (EXAMPLES / f"nbo2.{kind}.toml").read_text("utf-8")
        (tmp_path / f"nbo2.{kind}.toml").write_text(
            text.replace("keithley_2450", model).replace("USB0::0x05E6::0x2450::SIM00001::INSTR", "GPIB0::24::INSTR"),
            "utf-8")
    assert main(["measure", "iv_sweep", "--bench", str(tmp_path / "nbo2.bench.toml"), "--device", "D1", "--out",
                 str(tmp_path), "--set", "step=10 mV", "--set", "nplc=0.1", "--set", "check_oscillation=false",
                 "--json"]) == 0
    assert outputs_left_on(tmp_path / "witness.jsonl") == []
    results = {result["quantity"]: result for result in json.loads(capsys.readouterr().out)}
    run, log = read_run(next(tmp_path.glob("*.nxs"))), read_witness(tmp_path / "witness.jsonl")
    for quantity in ("threshold_voltage", "hold_voltage"):
        found = next(result for result in run.results if result.quantity == quantity)
        true = true_value(quantity, found, run, log)
        assert true is not None and results[quantity]["low"] <= true <= results[quantity]["high"]
