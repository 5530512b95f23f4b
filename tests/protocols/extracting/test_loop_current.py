"""A wrong shunt, a probe or exchanged channels: the level and the path of a generator give another current."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.protocols.test_current_sensors_at_work import changed
from tsbench.extraction.runs import current_line, extract, impossible_line
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.loop_current import with_contradiction
from tsbench.records import Flag, Result, Run
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

GIVEN = {"pulse_train": {"amplitude": ["1.2 V"], "width": "1 us", "count": 8}, "oscillation": {"bias": ["2.2 V"]}}
OF_CURRENT = {"pulse_train": "switching_delay_mean", "oscillation": "spike_energy"}


def measured(bench: Path, out: Path, protocol: str) -> tuple[Run, list[str]]:
    """Return a run, and the lines that it says of the current."""
    outcome = run_protocol(bench, "D1", protocol_named(protocol).parse(GIVEN[protocol]), out / "runs")
    assert outcome.path is not None and outcome.status == "success", outcome.reason
    return read_run(outcome.path), [line for line in outcome.remarks if "but the scope shows" in line]


def in_reality(bench: Path, before: str, after: str) -> Path:
    """Change the world of a bench, and not its bench file."""
    world = bench.with_name("nbo2.world.toml")
    text = world.read_text("utf-8")
    assert before in text
    world.write_text(text.replace(before, after), "utf-8")
    return bench


@pytest.mark.sabotage("resistor", "units")
@pytest.mark.parametrize("protocol", list(GIVEN))
@pytest.mark.parametrize("true", [50, 5, 500])
def test_a_wrong_shunt_is_told_and_marks_the_numbers(
    nbo2_bench: Path, tmp_path: Path, protocol: str, true: int,
) -> None:
    bench = in_reality(nbo2_bench, "R_shunt  low   0    50", f"R_shunt low 0 {true}")
    run, said = measured(bench, tmp_path, protocol)
    rows = [one for one in run.results if one.quantity == OF_CURRENT[protocol]]
    marked = [Flag.AMBIGUOUS in one.flags for one in rows]
    if true == 50:
        assert said == [] and not any(marked) and rows
        return
    line, = said
    assert all(marked) and current_line(run) == line
    ohm, = re.findall(r"the shunt has about ([\d.]+) Ohm, not current_resistance = 50 Ohm", line)
    assert 0.4 * true < float(ohm) < 2.5 * true
    assert [one.flags for one in extract(run)] == [one.flags for one in run.results]
    assert not any(Flag.AMBIGUOUS in one.flags for one in run.results if one.quantity == "frequency")


@pytest.mark.parametrize("sensor", ["scope_input", "amplifier"])
@pytest.mark.parametrize("protocol", list(GIVEN))
def test_other_sensors_agree(nbo2_bench: Path, tmp_path: Path, protocol: str, sensor: str) -> None:
    assert measured(changed(nbo2_bench, sensor), tmp_path, protocol)[1] == []


def test_exchanged_channels_give_an_impossible_energy(nbo2_bench: Path, tmp_path: Path) -> None:
    bench = in_reality(nbo2_bench, '"scope.1" = "dut"\n"scope.2" = "low"', '"scope.1" = "low"\n"scope.2" = "dut"')
    run, said = measured(bench, tmp_path, "oscillation")
    energy, = (one for one in run.results if one.quantity == "spike_energy")
    assert energy.high is not None and energy.high < 0 and Flag.AMBIGUOUS in energy.flags
    assert "voltage_high and voltage_low may be exchanged" in said[0]
    told = [event.message for event in run.events if event.kind == "warning" and "only takes energy" in event.message]
    assert told == [impossible_line(run.results)]


def test_another_load_is_told(nbo2_bench: Path, tmp_path: Path) -> None:
    _, (line,) = measured(in_reality(nbo2_bench, "5k", "2k"), tmp_path, "oscillation")
    assert re.search(r"Or the path of bias has about 2\.\d+ kOhm: check the netlist and the cables", line)


def test_a_capacitance_that_the_netlist_lacks_is_no_contradiction(nbo2_bench: Path, tmp_path: Path) -> None:
    bench = in_reality(nbo2_bench, "66p", "400p")
    for protocol in GIVEN:
        assert measured(bench, tmp_path, protocol)[1] == []


def test_pulses_that_are_cut_off_tell_nothing(nbo2_bench: Path, tmp_path: Path) -> None:
    run, _ = measured(in_reality(nbo2_bench, "R_shunt  low   0    50", "R_shunt low 0 500"), tmp_path, "pulse_train")
    cut = tuple(replace(wave, clip_high=int(np.max(wave.codes))) for wave in run.waveforms)
    assert current_line(run) and current_line(replace(run, waveforms=cut)) == ""
    waves = tuple(replace(wave, accuracy_gain=1.0) for wave in run.waveforms)   # a scope that tells nothing
    assert current_line(replace(run, waveforms=waves)) == ""


def test_a_sweep_marks_its_numbers(nbo2_bench: Path, tmp_path: Path) -> None:
    """The run says it, and a stored run keeps it; the onset of an oscillation is a level, and holds."""
    bench = in_reality(nbo2_bench, "R_shunt  low   0    50", "R_shunt low 0 5")
    sweep = protocol_named("iv_sweep").parse({"stop": 1.2, "step": 0.008})
    outcome = run_protocol(bench, "D1", sweep, tmp_path / "runs")
    assert outcome.path is not None and outcome.status == "success", outcome.reason
    run = read_run(outcome.path)
    assert run.results and all(Flag.AMBIGUOUS in one.flags for one in run.results)
    assert sum("the source meter measures" in line for line in outcome.remarks) == 1
    onset = Result("oscillation_onset", "V", 1.0, 0.9, 1.1, "")
    assert with_contradiction([onset], "line", run) == (onset,)


def test_energies() -> None:
    one = Result("spike_energy", "J", -1e-9, -2e-9, 1e-10, "")
    assert impossible_line([one, replace(one, unit="V", high=-1.0), replace(one, high=None)]) == ""
    assert "at most -1.00 nJ" in impossible_line([replace(one, high=-1e-9, low=-math.inf)])
