"""The 2460 driver on the simulated 2460 through VISA, and an I-V sweep of a device with it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.errors import LimitError, WrongInstrument
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RESISTANCE = 2.0
WORLD = f"""
seed = 3
[instruments.meter]
model = "keithley_2460"
resource = "USB0::0x05E6::0x2460::SIM1::INSTR"
[fixture]
netlist = "R1 smu 0 {RESISTANCE}"
terminals = {{ meter = "smu" }}
"""
BENCH = """
visa_library = "amperes.world.toml@tsbench"
[instruments.meter]
driver = "keithley_2460"
resource = "USB0::0x05E6::0x2460::SIM1::INSTR"
options = { four_wire = true }
[fixture.high_voltage]
rating = "105 V"
interlock = "the lid of the box"
[roles]
drive = "meter"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    (tmp_path / "amperes.world.toml").write_text(WORLD, "utf-8")
    bench = tmp_path / "amperes.bench.toml"
    bench.write_text(BENCH, "utf-8")
    return bench


@pytest.fixture
def bench(path: Path) -> Iterator[Bench]:
    with Bench.open(path) as opened:
        yield opened


@pytest.fixture
def meter(bench: Bench) -> SourceMeter:
    return bench.source_meter()


@pytest.mark.sabotage("units")
def test_a_level_and_its_current_within_the_accuracy(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=5.0, range=10.0))
    meter.configure_measure(MeasureSettings("current", range=5.0))
    meter.set_level(9.0)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.voltage == pytest.approx(9.0, abs=0.15e-3 * 9.0 + 2.4e-3 + 1e-3 + 1e-2)  # 1 mOhm in the output
    assert reading.current == pytest.approx(reading.voltage / RESISTANCE, abs=1e-3 * 4.5 + 2.5e-3 + 1e-3)
    assert reading.flags == Flag.NONE


@pytest.mark.sabotage("units")
def test_seven_amperes(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("current", compliance_voltage=7.0, range=7.0))
    meter.configure_measure(MeasureSettings("voltage"))
    meter.set_level(3.0)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.current == pytest.approx(3.0, abs=1.5e-3 * 3.0 + 7.5e-3 + 5e-3)
    assert reading.voltage == pytest.approx(3.0 * RESISTANCE, rel=5e-3) and reading.flags == Flag.NONE
    meter.set_level(7.0)
    limited = meter.measure()
    assert Flag.COMPLIANCE in limited.flags and limited.voltage == pytest.approx(7.0, rel=5e-3)


@pytest.mark.sabotage("units")
def test_a_list_sweep(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=4.0, range=20.0))
    meter.configure_measure(MeasureSettings("current", range=4.0, nplc=0.1))
    meter.set_output(True)
    levels = np.linspace(-6.0, 12.0, 121)
    meter.start_sweep(levels, 1e-3)
    while meter.sweep_running():
        bench.clock.wait(0.01)
    readings = meter.fetch_sweep(0, meter.poll_sweep())
    assert [reading.source for reading in readings] == list(levels)
    free = np.array([(reading.voltage, reading.current) for reading in readings if reading.flags == Flag.NONE])
    assert len(free) >= 90
    assert np.polyfit(free[:, 0], free[:, 1], 1)[0] == pytest.approx(1 / RESISTANCE, rel=2e-3)
    for reading in readings:
        if abs(abs(reading.source) - 8.0) > 0.1:
            assert (Flag.COMPLIANCE in reading.flags) == (abs(reading.source) > 8.0)


def test_every_range_is_accepted(meter: SourceMeter) -> None:
    for row in meter.capabilities.source_voltage_accuracy:
        accepted = meter.configure_source(SourceSettings("voltage", compliance_current=1.0, range=row.full_scale))
        assert accepted.range == pytest.approx(row.full_scale)
    for row in meter.capabilities.current_accuracy:
        meter.configure_source(SourceSettings("voltage", compliance_current=row.full_scale, range=2.0))
        assert meter.configure_measure(MeasureSettings("current", range=row.full_scale)).range == row.full_scale
    meter.configure_measure(MeasureSettings("voltage"))
    for row in meter.capabilities.source_current_accuracy:
        accepted = meter.configure_source(SourceSettings("current", compliance_voltage=7.0, range=row.full_scale))
        assert accepted.range == row.full_scale


@pytest.mark.parametrize("function", ["voltage", "current"])
def test_the_instrument_keeps_every_limit_that_the_driver_allows(meter: SourceMeter, function: Any) -> None:
    """At each corner of the operating boundaries the limit that is read back is the one that was set."""
    steps = meter.driver.data_sheet.boundaries[function]  # type: ignore[attr-defined]
    for step in steps:
        accepted = meter.configure_source(SourceSettings.of(function, compliance=step.compliance))
        assert accepted.compliance == pytest.approx(step.compliance)
        meter.set_level(step.level)
        meter.set_level(-step.level)
        source = meter.source
        assert source is not None and source.compliance == pytest.approx(step.compliance)
        meter.set_level(0.0)


def test_what_the_instrument_cannot_do_is_refused_before_a_message(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=5.0))
    before = bench.clock.now()  # every message moves the simulated clock
    for level in (10.6, 105.0, -21.0, 106.0):
        with pytest.raises(LimitError):
            meter.set_level(level)
    with pytest.raises(LimitError, match=r"at most 4\.2 A"):
        meter.start_sweep(np.array([0.0, 15.0]), 1e-3)
    with pytest.raises(LimitError, match="dwell"):
        meter.start_sweep(np.array([0.0, 1.0]), 10e-6)
    with pytest.raises(LimitError, match="compliance"):
        meter.configure_source(SourceSettings("voltage", compliance_current=8.0))
    assert bench.clock.now() == before


def test_four_wire_sensing_reaches_the_instrument(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1.0))
    meter.configure_measure(MeasureSettings("current"))
    assert bench.instruments.connections["meter"].transport.query(":SENS:CURR:RSEN?").strip() == "1"


@pytest.mark.sabotage("output")
def test_the_output_is_off_after_the_bench_is_closed(path: Path) -> None:
    with Bench.open(path) as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=4.0))
        meter.set_level(5.0)
        meter.set_output(True)
        assert outputs_left_on(path.parent / "witness.jsonl") == ["meter"]
    assert outputs_left_on(path.parent / "witness.jsonl") == []


def test_a_sister_model_is_refused(path: Path) -> None:
    path.write_text(BENCH.replace('"keithley_2460"', '"keithley_2450"').replace("options", "# options"), "utf-8")
    with pytest.raises(WrongInstrument, match='Set driver = "keithley_2460"'):
        Bench.open(path)


def swept(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Measure the NbO2 device of the example with a source meter, and return the results of the command by quantity."""
    folder.mkdir()
    for kind in ("bench", "world"):
        text = (EXAMPLES / f"nbo2.{kind}.toml").read_text("utf-8")
        (folder / f"nbo2.{kind}.toml").write_text(
            text.replace("keithley_2450", model).replace("0x2450", f"0x{model[-4:]}"), "utf-8")
    assert main(["measure", "iv_sweep", "--bench", str(folder / "nbo2.bench.toml"), "--device", "D1",
                 "--out", str(folder), "--set", "step=10 mV", "--set", "nplc=0.1", "--json"]) == 0
    assert outputs_left_on(folder.parent / "witness.jsonl") == []
    return {result["quantity"]: result for result in json.loads(capsys.readouterr().out)}


@pytest.mark.sabotage("resistor", "units", "output")
def test_a_sweep_has_the_results_of_its_sister(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    results = {model: swept(tmp_path / model, model, capsys) for model in ("keithley_2450", "keithley_2460")}
    ours, sister = results["keithley_2460"], results["keithley_2450"]
    assert ours.keys() == sister.keys()
    for quantity, true in (("threshold_voltage", 1.023), ("hold_voltage", 0.886)):
        assert ours[quantity]["value"] == pytest.approx(true, rel=0.02)
        assert ours[quantity]["value"] == pytest.approx(sister[quantity]["value"], abs=10e-3)  # one step
