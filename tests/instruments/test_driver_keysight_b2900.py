"""The B2900 driver on its virtual instruments through VISA, and an I-V sweep of a device with it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.demo.truth import true_value
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.interfaces import SourcePulses
from tsbench.instruments.keysight_b2900.data_sheet import MODELS
from tsbench.records import Flag
from tsbench.simulated_backends.virtual_instruments.keysight_b2900 import data_sheet as of_twins
from tsbench.simulated_backends.witness.log import outputs_left_on, read_witness
from tsbench.station.bench.bench import Bench
from tsbench.storage import read_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RESOURCE = "USB0::0x2A8D::0x9201::SIM1::INSTR"
WORLD = f"""
seed = 3
[instruments.meter]
model = "keysight_b2902a"
resource = "{RESOURCE}"
[fixture]
netlist = '''
R1 one 0 10k
R2 two 0 1k
'''
terminals = {{ "meter.1" = "one", "meter.2" = "two" }}
"""
BENCH = f"""
visa_library = "meter.world.toml@tsbench"
[instruments.meter]
driver = "keysight_b2902a"
resource = "{RESOURCE}"
[fixture.high_voltage]
rating = "210 V"
interlock = "the lid of the box"
[roles]
drive = "meter.1"
gate = "meter.2"
"""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    (tmp_path / "meter.world.toml").write_text(WORLD, "utf-8")
    (tmp_path / "meter.bench.toml").write_text(BENCH, "utf-8")
    with Bench.open(tmp_path / "meter.bench.toml") as opened:
        yield opened


def sourcing(meter: SourceMeter, nplc: float = 0.01) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=2e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=2e-3, nplc=nplc))


def waited(bench: Bench, meter: SourceMeter) -> None:
    for _ in range(1000):
        if not meter.sweep_running():
            return
        bench.clock.wait(0.01)
    raise AssertionError("it does not end")


@pytest.mark.sabotage("units")
def test_both_channels_obey_ohms_law(bench: Bench) -> None:
    for role, resistance in (("drive", 10e3), ("gate", 1e3)):
        meter = bench.source_meter(role)
        sourcing(meter, nplc=1.0)
        meter.set_level(1.5)
        meter.set_output(True)
        reading = meter.measure()
        meter.set_output(False)
        assert reading.voltage == pytest.approx(1.5, abs=1.5e-3)
        assert reading.current == pytest.approx(1.5 / resistance, abs=1.5 / resistance * 1e-3 + 3e-6)
        assert reading.flags == Flag.NONE


def test_compliance_is_flagged(bench: Bench) -> None:
    meter = bench.source_meter("gate")
    sourcing(meter)
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.set_level(1.5)
    meter.set_output(True)
    reading = meter.measure()
    meter.set_output(False)
    assert reading.flags == Flag.COMPLIANCE and reading.current == pytest.approx(1e-3, rel=5e-3)


@pytest.mark.sabotage("units", "output")
def test_a_native_sweep_can_be_followed(bench: Bench, tmp_path: Path) -> None:
    meter = bench.source_meter("drive")
    sourcing(meter)
    levels = np.linspace(-1.0, 1.0, 121)
    meter.start_sweep(levels, 1e-3)
    polls = [meter.poll_sweep()]
    while polls[-1] < len(levels):
        bench.clock.wait(0.02)
        polls.append(meter.poll_sweep())
    assert any(0 < count < 121 for count in polls)
    readings = meter.fetch_sweep(0, 60) + meter.fetch_sweep(60, 121)
    assert np.array([reading.current for reading in readings]) == pytest.approx(levels / 10e3, abs=3e-6)
    assert np.all(np.diff([reading.time for reading in readings]) > 1e-3)
    meter.set_output(False)
    assert outputs_left_on(tmp_path / "witness.jsonl") == []


@pytest.mark.sabotage("units")
def test_pulses_and_samples(bench: Bench) -> None:
    meter: Any = bench.source_meter("gate")
    sourcing(meter)
    played = meter.start_pulses(SourcePulses(0.0, np.array([0.5, 1.0, 1.5]), 1e-3, 5e-3))
    waited(bench, meter)
    readings = meter.fetch_sweep(0, 3)
    assert [reading.current for reading in readings] == pytest.approx([0.5e-3, 1e-3, 1.5e-3], rel=1e-2)
    assert readings[1].time - readings[0].time == pytest.approx(played.period, abs=2e-6)
    interval = meter.start_sampling(1.0, 1e-3, 50)
    waited(bench, meter)
    samples = meter.fetch_sweep(0, 50)
    meter.set_output(False)
    assert np.diff([sample.time for sample in samples]) == pytest.approx(interval, abs=2e-6)
    assert np.mean([sample.current for sample in samples]) == pytest.approx(1e-3, rel=5e-3)


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("how", ["output", "safe"])
def test_a_stop_during_a_sweep_switches_the_output_off(bench: Bench, tmp_path: Path, how: str) -> None:
    meter = bench.source_meter("drive")
    sourcing(meter)
    meter.start_sweep(np.full(1000, 1.0), 1.0)
    bench.clock.wait(5.0)
    assert meter.sweep_running() and outputs_left_on(tmp_path / "witness.jsonl") == ["meter.1"]
    began = bench.clock.now()
    meter.set_output(False) if how == "output" else bench.make_safe()
    assert outputs_left_on(tmp_path / "witness.jsonl") == []
    off = max(record["t"] for record in read_witness(tmp_path / "witness.jsonl").of_kind("output") if not record["on"])
    assert began < off < began + 0.1


def test_channels_and_intervals_of_driver_and_twin_agree() -> None:
    for model, sheet in MODELS.items():
        twin, ours = getattr(of_twins, model), sheet.capabilities
        assert twin.channels == sheet.channels and ours.sampling is not None
        assert twin.least_interval == ours.sampling.interval.low


@pytest.mark.sabotage("resistor", "units", "output")
def test_the_threshold_of_nbo2_is_within_its_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    for kind in ("bench", "world"):
        text = (EXAMPLES / f"nbo2.{kind}.toml").read_text("utf-8").replace("keithley_2450", "keysight_b2912a")
        text = text.replace("USB0::0x05E6::0x2450::SIM00001::INSTR", RESOURCE)
        text = text.replace('source_meter = "smu"', '"source_meter.1" = "smu"')
        (tmp_path / f"nbo2.{kind}.toml").write_text(
            text.replace('drive = "source_meter"', 'drive = "source_meter.1"'), "utf-8")
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
