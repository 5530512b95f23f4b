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
from tsbench.protocols.extracting import current_quantities
from tsbench.protocols.extracting.current_quantities import depends_on_current
from tsbench.protocols.extracting.loop_current import contradiction_of
from tsbench.records import CurrentAmplifier, Flag, Result, Run, Sensing
from tsbench.station.campaign.names import QUANTITIES
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

GIVEN: dict[str, dict[str, object]] = {
    "pulse_train": {"amplitude": ["1.2 V"], "width": "1 us", "count": 8},
    "oscillation": {"bias": ["2.2 V"]}}
NEURON = {"amplitude": ["0.8 V", "2 V"], "width": "3 us", "repeats": 3, "pairs": 1, "points": 2, "rest": "50 us",
          "samples": 2000}
OF_CURRENT = {"pulse_train": "switching_delay_mean", "oscillation": "spike_energy"}


def measured(bench: Path, out: Path, protocol: str) -> tuple[Run, list[str]]:
    """Return a run, and the lines that it says of the current."""
    given = {**GIVEN, "neuron": NEURON}[protocol]
    outcome = run_protocol(bench, "D1", protocol_named(protocol).parse(given), out / "runs")
    assert outcome.path is not None and outcome.status == "success", outcome.reason
    return read_run(outcome.path), [line for line in outcome.remarks if "but the scope shows" in line]


def in_reality(bench: Path, before: str, after: str) -> Path:
    """Change the world of a bench, and not its bench file."""
    world = bench.with_name("nbo2.world.toml")
    text = world.read_text("utf-8")
    assert before in text
    world.write_text(text.replace(before, after), "utf-8")
    return bench


@pytest.mark.thin(8)
@pytest.mark.sabotage("resistor", "units")
@pytest.mark.parametrize("protocol", list(GIVEN))
@pytest.mark.parametrize("true", [50, 5, 100, 500])
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
    by_voltage = {"frequency", "line_width", "phase_noise"}
    assert not any(Flag.AMBIGUOUS in one.flags for one in run.results if one.quantity in by_voltage)


@pytest.mark.thin(4)
@pytest.mark.parametrize("sensor", ["scope_input", "amplifier"])
@pytest.mark.parametrize("protocol", list(GIVEN))
def test_other_sensors_agree(nbo2_bench: Path, tmp_path: Path, protocol: str, sensor: str) -> None:
    assert measured(changed(nbo2_bench, sensor), tmp_path, protocol)[1] == []


@pytest.mark.thin(2)
@pytest.mark.parametrize(("sensor", "before", "after", "said"), [
    ("amplifier", 'gain = "100 V/A"', 'gain = "25 V/A"', r"61\.\d+ uA \(0\.25 times"),
    ("scope_input", "5k", "2k", r"Or the path of bias has about 2\.\d+ kOhm")])
def test_other_sensors_are_compared_too(
    nbo2_bench: Path, tmp_path: Path, sensor: str, before: str, after: str, said: str,
) -> None:
    """The netlist of the bench file has no sensor: the device's low side leads nowhere."""
    run, (line,) = measured(in_reality(changed(nbo2_bench, sensor), before, after), tmp_path, "oscillation")
    assert re.search(said, line)
    assert all(Flag.AMBIGUOUS in one.flags for one in run.results if one.quantity == "spike_energy")


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


def test_pulses_of_the_role_bias_go_through_its_load(nbo2_bench: Path, tmp_path: Path) -> None:
    bench = in_reality(nbo2_bench, "R_shunt  low   0    50", "R_shunt low 0 5")
    run, (line,) = measured(bench, tmp_path, "neuron")
    assert "the level of bias and its path of 5.1 kOhm give" in line
    marked = {one.quantity: Flag.AMBIGUOUS in one.flags for one in run.results}
    assert marked["spike_amplitude"] and not marked["firing_threshold"]
    assert current_line(run) == line and contradiction_of(run, ("bias", "pulser")) == ""   # which one, is not known


@pytest.mark.thorough
def test_a_capacitance_that_the_netlist_lacks_is_no_contradiction(nbo2_bench: Path, tmp_path: Path) -> None:
    bench = in_reality(nbo2_bench, "66p", "400p")
    for protocol in GIVEN:
        assert measured(bench, tmp_path, protocol)[1] == []


@pytest.mark.thorough
def test_pulses_that_are_cut_off_tell_nothing(nbo2_bench: Path, tmp_path: Path) -> None:
    run, _ = measured(in_reality(nbo2_bench, "R_shunt  low   0    50", "R_shunt low 0 500"), tmp_path, "pulse_train")
    cut = tuple(replace(wave, clip_high=int(np.max(wave.codes))) for wave in run.waveforms)
    assert current_line(run) and current_line(replace(run, waveforms=cut)) == ""
    waves = tuple(replace(wave, accuracy_gain=1.0) for wave in run.waveforms)   # a scope that tells nothing
    assert current_line(replace(run, waveforms=waves)) == ""


@pytest.mark.thorough
def test_a_sweep_marks_its_voltages(nbo2_bench: Path, tmp_path: Path) -> None:
    """The drop along the shunt is taken off them. The currents are those of the source meter."""
    bench = in_reality(nbo2_bench, "R_shunt  low   0    50", "R_shunt low 0 5")
    sweep = protocol_named("iv_sweep").parse({"stop": 1.2, "step": 0.008})
    outcome = run_protocol(bench, "D1", sweep, tmp_path / "runs")
    assert outcome.path is not None and outcome.status == "success", outcome.reason
    run = read_run(outcome.path)
    marked = {one.quantity: Flag.AMBIGUOUS in one.flags for one in run.results}
    currents = {"threshold_current": False, "hold_current": False}
    assert marked == currents | dict.fromkeys(
        ("threshold_voltage", "hold_voltage", "off_resistance", "on_resistance", "differential_on_resistance",
         "series_resistance"), True)
    assert sum("the source meter measures" in line for line in outcome.remarks) == 1


def test_what_depends_on_the_current() -> None:
    shunt = Sensing(current="scope.2", voltage_low="scope.2", current_resistance=50.0)
    amplifier = Sensing(current="scope.2", amplifier=CurrentAmplifier(1e3, 50.0, 1e6, 5.0), current_sensor="amplifier")
    independent = {name for name in QUANTITIES if not depends_on_current(name, shunt)}
    assert {"frequency", "line_width", "phase_noise", "oscillation_onset", "hold_current_median"} <= independent
    assert not independent & {"spike_energy", "write_voltage", "threshold_voltage", "switching_delay", "firing_rate"}
    assert depends_on_current("a_number_of_a_plugin", shunt)
    no_shunt = {name for name in QUANTITIES if not depends_on_current(name, amplifier)}
    assert {"threshold_voltage", "hold_voltage_mean"} <= no_shunt - independent and "spike_energy" not in no_shunt
    named = (current_quantities._BY_VOLTAGE | current_quantities._BY_SOURCE_METER | current_quantities._BEHIND_THE_PATH)
    assert named <= QUANTITIES.keys()


def test_energies() -> None:
    one = Result("spike_energy", "J", -1e-9, -2e-9, 1e-10, "")
    assert impossible_line([one, replace(one, unit="V", high=-1.0), replace(one, high=None)]) == ""
    assert "at most -1.00 nJ" in impossible_line([replace(one, high=-1e-9, low=-math.inf)])
