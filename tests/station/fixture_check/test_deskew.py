"""Skew and sense capacitance: measured on standards, written into the bench file, used by the extraction.

The truth of the simulated bench: the cables and inputs of its oscilloscope, and the capacitors of its netlist.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.station.fixture_check.test_fixture_check import found, lay
from tsbench.cli import main
from tsbench.demo.truth import true_value
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.records import Waveform
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.world import close_world, open_world
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.fixture_check import FixtureValue, by_edges, measure_fixture, with_measured
from tsbench.station.fixture_check.by_edges import _joined, _Memory
from tsbench.station.fixture_check.values import CHANNEL_SKEW, SENSE_CAPACITANCE
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

LOW = 14e-12 + 9e-12   # [F] the input of scope.2, and C_low of the netlist


@pytest.fixture(scope="module")
def deskewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FixtureValue]]:
    """Return the demo bench with a longer cable, and what the check finds with a known resistor of 200 Ohm."""
    folder = tmp_path_factory.mktemp("deskew")
    bench, world = lay(folder), folder / "nbo2.world.toml"
    bench.write_text(bench.read_text("utf-8").replace('"10 kOhm"', '"200 Ohm"'), "utf-8")
    text = world.read_text("utf-8").replace("r = 10e3", "r = 200.0").replace("C_low    low   0    5p", "C_low low 0 9p")
    at_scope = '::SIM00003::INSTR"'
    world.write_text(text.replace(at_scope, f'{at_scope}\noptions = {{ cables = {{ 2 = "3.2 ns" }} }}'), "utf-8")
    return bench, measure_fixture(bench)


@pytest.mark.thorough
def test_skew_and_capacitance_are_within_their_intervals(deskewed: tuple[Path, list[FixtureValue]]) -> None:
    world = open_world(deskewed[0].parent / "nbo2.world.toml")
    try:
        scope: Any = world.instruments["scope"]
        errors = scope.digitiser.errors
    finally:
        close_world(world)
    late = errors[2].delay - errors[1].delay   # a cable of 3.2 ns, and what the seed gives the inputs
    assert 0.0 < abs(late - 3.2e-9) < 100e-12
    skew, = found(deskewed[1], CHANNEL_SKEW, "pulser")
    capacitance, = found(deskewed[1], SENSE_CAPACITANCE, "pulser")
    assert skew.low is not None and skew.low < late < skew.high and skew.high - skew.low < 60e-12
    assert capacitance.low is not None and capacitance.low < LOW < capacitance.high
    assert capacitance.high - capacitance.low < 3e-12
    assert skew.instrument == capacitance.instrument == "DSO-X 3054T SIM00003"
    assert skew.line.startswith("pulser: channel skew 3.") and skew.agrees


def test_a_delay_is_right_with_the_skew_and_wrong_without(
    deskewed: tuple[Path, list[FixtureValue]], tmp_path: Path,
) -> None:
    """The cable makes a delay 3 ns too long. What was measured takes this off, and narrows the interval."""
    bench, values = deskewed
    text, widths = bench.read_text("utf-8"), []
    train = protocol_named("pulse_train").parse(count=10)
    for measured in (False, True):
        bench.write_text(with_measured(text, values, "2026-11-29") if measured else text, "utf-8")
        outcome = run_protocol(bench, "D1", train, tmp_path / str(measured), watchdog=False, durability="process")
        mean, = (one for one in outcome.results if one.quantity == "switching_delay_mean")
        assert outcome.path is not None and mean.low is not None and mean.high is not None
        run, witness = read_run(outcome.path), read_witness(bench.parent / "nbo2.witness.jsonl")
        truth = true_value("switching_delay", mean, run, witness)
        assert truth is not None and (mean.low <= truth <= mean.high) is measured
        assert (run.header.fixture.sensing.skew is not None) is measured
        widths.append(mean.high - mean.low)
    assert widths[1] < 0.5 * widths[0]
    bench.write_text(text, "utf-8")


@pytest.mark.thorough
def test_a_slow_path_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind 100 kOhm an edge takes 17 us to settle: 768 records at the full sample rate took 7 GB."""
    lengths: list[int] = []
    keep = _Memory.waveform

    def kept(memory: _Memory, waveform: Waveform) -> None:
        lengths.append(waveform.codes.shape[1])
        keep(memory, waveform)

    monkeypatch.setattr(_Memory, "waveform", kept)
    monkeypatch.setattr(by_edges, "_POINTS", 5000)   # this scope divides its memory among the pulses, to 31,000 samples
    slow = ("R_pulse  gen1  dut  2", "R_pulse  gen1  dut  100k")
    measure_fixture(lay(tmp_path, bench=slow, world=slow))
    assert lengths and max(lengths) <= 5100


def test_another_oscilloscope_does_not_have_this_skew(
    deskewed: tuple[Path, list[FixtureValue]], capsys: pytest.CaptureFixture[str],
) -> None:
    bench, values = deskewed
    text = bench.read_text("utf-8")
    mine = with_measured(text, values, "2026-11-29")
    assert BenchFile.load(bench).table.fixture.measured.channel_skew is None
    for told, used in ((mine, True), (mine.replace("SIM00003\"\nchannel", "SIM00009\"\nchannel"), False)):
        bench.write_text(told, "utf-8")
        with Bench.open(bench, "D1") as opened:
            sensing = opened.fixture.sensing
        assert (sensing.skew is not None, sensing.capacitance is not None) == (used, used)
        assert (main(["check", str(bench)]), "are not used. Measure again" in capsys.readouterr().out) == (0, not used)
    bench.write_text(text, "utf-8")


@pytest.mark.parametrize(("table", "said"), [
    ('channel_skew = "1 ns"', "channel_skew and channel_skew_uncertainty belong together"),
    ('sense_capacitance_uncertainty = "1 pF"', "sense_capacitance and sense_capacitance_uncertainty belong together"),
    ('channel_skew = "1 ns"\nchannel_skew_uncertainty = "5 ps"', "channel_skew needs oscilloscope"),
    ('channel_skew = "1 ns"\nchannel_skew_uncertainty = "0 s"', "greater than 0"),
])
def test_a_skew_needs_its_uncertainty_and_its_oscilloscope(table: str, said: str, nbo2_bench: Path) -> None:
    nbo2_bench.write_text(f"{nbo2_bench.read_text('utf-8')}\n[fixture.measured]\n{table}\n", "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        BenchFile.load(nbo2_bench)


def test_ranges_that_delay_differently_make_the_skew_doubtful() -> None:
    """Three amplitudes have three pairs of ranges: a run may have those of one of them."""
    alike = _joined([(1.00e-9, 5e-12), (1.004e-9, 5e-12), (0.998e-9, 5e-12)])
    assert alike == pytest.approx((1.0007e-9, 5e-12 / math.sqrt(3.0)), rel=1e-3)
    apart = np.array([0.95e-9, 1.0e-9, 1.05e-9])
    mean, uncertainty = _joined([(float(value), 5e-12) for value in apart])
    assert mean == pytest.approx(1e-9, rel=1e-6) and uncertainty == pytest.approx(50e-12, rel=0.02)
