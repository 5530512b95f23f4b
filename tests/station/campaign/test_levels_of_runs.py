"""The plan of a campaign counts what its runs leave on a capacitor in series, as the guard will when they are made."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.station.bench.bench import Bench
from tsbench.station.campaign import campaign, held_levels
from tsbench.station.campaign.campaign import CampaignPlan
from tsbench.station.campaign.foreseeing import foreseen_peaks
from tsbench.station.campaign.planning import plan_items

EXAMPLES = Path(__file__).parents[3] / "examples"
WITHOUT_DRIVE = (   # the source meter, which reaches the device without the capacitor
    ("R_drive  smu   dut  2\n", ""), ('drive = "source_meter"     # I-V sweeps: straight to the probe\n', ""),
    ('source_meter = "smu"\n', ""), ("R_load   gen2  dut  5k\n", ""), ('"generator.2" = "gen2"\n', ""),
    ('bias = "generator.2"       # oscillation: through the load resistor\n', ""))
EXPECTED = '[expected]\nthreshold_voltage = ["0.6 V", "1.0 V"]\n'
OK = 'when = "contact == ok"\n'


def step(name: str, amplitude: str, device: str = "D1", more: str = "") -> str:
    return (f'[[step]]\nname = "{name}"\nprotocol = "pulse_train"\namplitude = {amplitude}\nrepeats = 1\n'
            f'devices = ["{device}"]\n{more}')


def planned(folder: Path, steps: str, *changes: tuple[str, str], head: str = "", peaks: Any = None) -> CampaignPlan:
    """Return the plan on the NbO2 bench with 1 uF in series with its pulser; the device takes 2 V."""
    for name, second in (("nbo2.bench.toml", ""), ("nbo2.world.toml", 'model = "nbo2"\n')):
        text = (EXAMPLES / name).read_text("utf-8").replace('max_voltage = "4 V"', 'max_voltage = "2 V"')
        text = text.replace("R_pulse  gen1  dut  2", "R_pulse gen1 x 200\nC_in x dut 1u")
        for before, after in changes if name == "nbo2.bench.toml" else ():
            assert before in text, before
            text = text.replace(before, after)
        (folder / name).write_text(f"{text}\n[devices.D2]\n{second}", "utf-8")
    path = folder / "c.campaign.toml"
    path.write_text(f'bench = "nbo2.bench.toml"\norder = "step"\ndevices = ["D1"]\n{head}{steps}', "utf-8")
    return campaign(path, folder / "runs").plan(peaks=peaks)


@pytest.mark.parametrize(("second", "verdict"), [("-1.5 V", "red"), ("-0.4 V", "green"), ("1.5 V", "green")])
@pytest.mark.parametrize("between", ["", step("b", '"0.3 * threshold_voltage"')])
def test_a_run_with_a_formula_does_not_make_the_plan_forget_the_levels_before(
    tmp_path: Path, second: str, verdict: str, between: str,
) -> None:
    found = planned(tmp_path, step("a", '"1.5 V"') + between + step("c", f'"{second}"'), head=EXPECTED)
    assert found.verdict == verdict
    assert verdict == "green" or "D1 c: pulser: the voltage at the device may reach 3 V, " \
        "but max_voltage of D1 is 2 V. A capacitor is in series with the device, and keeps levels from 0 V to 1.5 V " \
        "of the runs before. Use levels nearer to these" in found.red[0]


def test_every_end_of_a_formula_counts(tmp_path: Path) -> None:
    """From -1.8 V to -1.2 V, after 0.5 V; and what it leaves, before 0.5 V."""
    formula = step("b", '"-1.8 * threshold_voltage + 0 V"'), step("a", '"0.5 V"')
    for steps in (formula, formula[::-1]):
        found = planned(tmp_path, "".join(steps), head=EXPECTED.replace("0.6", "0.67"))
        assert "the voltage at the device may reach 2.3 V" in found.red[0]


def test_levels_that_the_preview_of_a_plan_does_not_show_count(tmp_path: Path) -> None:
    """The preview shows the highest pulses only."""
    found = planned(tmp_path, step("a", '["1 V", "-0.9 V"]') + step("b", '"1.2 V"'))
    assert "the voltage at the device may reach 2.1 V" in found.red[0]


@pytest.mark.parametrize(("stop", "verdict"), [("1.1 V", "green"), ("1.3 V", "red")])
@pytest.mark.parametrize("order", [1, -1])
def test_a_driven_current_may_leave_its_compliance_of_either_sign(
    tmp_path: Path, stop: str, verdict: str, order: int,
) -> None:
    sweep = '[[step]]\nprotocol = "iv_sweep"\n'
    steps = (f'{sweep}name = "a"\ndrive = "current"\nstop = "1 uA"\nstep = "0.1 uA"\ncompliance = "0.8 V"\n',
             f'{sweep}name = "b"\nstop = "{stop}"\ncompliance = "1 mA"\n')
    found = planned(tmp_path, "".join(steps[::order]), ("R_drive  smu   dut  2", "R_drive smu y 2\nC_y y dut 1u"))
    assert found.verdict == verdict, found.red
    assert verdict == "green" or "drive: the voltage at the device may reach 2.1 V" in found.red[0]


@pytest.mark.parametrize(("changes", "verdict"), [((), "green"), (WITHOUT_DRIVE, "red")])
def test_levels_on_one_device_count_on_another_only_if_no_source_discharges_the_capacitor(
    tmp_path: Path, changes: Sequence[tuple[str, str]], verdict: str,
) -> None:
    found = planned(tmp_path, step("a", '"1.5 V"') + step("b", '"-1.5 V"', "D2"), *changes)
    assert found.verdict == verdict, found.red


@pytest.mark.parametrize(("changes", "verdict"), [((), "green"), (WITHOUT_DRIVE, "red")])
def test_another_device_takes_levels_away_only_if_a_source_discharges_the_capacitor(
    tmp_path: Path, changes: Sequence[tuple[str, str]], verdict: str,
) -> None:
    steps = step("a", '"1.5 V"') + step("b", '"0.4 V"', "D2") + step("c", '"-1.5 V"')
    found = planned(tmp_path, steps, *changes)
    assert found.verdict == verdict, found.red
    assert [one for one in found.red if not one.startswith("D1 c: ")] == []


@pytest.mark.parametrize(("steps", "verdict"), [
    (step("a", '"1.5 V"') + step("b", '"-1.5 V"', more=OK), "red"),   # it cannot be performed
    (step("z", '"0.1 V"') + step("a", '"1.5 V"', more=OK) + step("b", '"-1.5 V"'), "amber"),
    (step("z", '"0.1 V"') + step("a", '"1.5 V"', more=OK) + step("b", '"-1.5 V"', more=OK), "amber"),
    (step("z", '"0.1 V"') + step("a", '"1.5 V"', more=OK) + step("b", '"-0.4 V"', more=OK), "green"),
    (step("a", '"1.5 V"') + step("z", '"0.1 V"', "D2") + step("z2", '"-1.5 V"', "D2", OK) + step("b", '"-1.5 V"'),
     "green"),
])
def test_levels_of_runs_with_a_condition_need_a_yes(tmp_path: Path, steps: str, verdict: str) -> None:
    found = planned(tmp_path, steps)
    assert found.verdict == verdict, (found.red, found.amber)
    assert verdict != "amber" or (
        found.amber[0].startswith("D1 b: pulser: the voltage at the device may reach 3 V")
        and "a condition may leave runs out" in found.amber[0])


def test_a_run_on_another_device_with_a_condition_is_no_sure_discharge(tmp_path: Path) -> None:
    steps = step("a", '"1.5 V"') + step("z", '"0.1 V"') + step("b", '"-1.5 V"', "D2", 'when = "device.cycles < 5"\n')
    assert planned(tmp_path, steps).verdict == "green"   # if it is made, the capacitor is discharged before it
    assert planned(tmp_path, steps + step("c", '"-1.0 V"')).verdict == "amber"


def test_runs_that_are_left_after_a_resume_follow_each_other(tmp_path: Path) -> None:
    """A run in between is done already, so its number is missing."""
    planned(tmp_path, step("a", '"1.5 V"') + step("z", '"0.1 V"') + step("b", '"-1.5 V"'))
    left = campaign(tmp_path / "c.campaign.toml", tmp_path / "runs")
    found, bench = plan_items(left.items[::2], Bench.open, left.file.vocabulary, {}, left.records.life)
    assert bench is not None
    bench.close()
    assert [one.problem is None for one in found] == [True, False]


def test_a_bench_that_is_opened_anew_forgets_the_levels_as_its_guards_do(tmp_path: Path) -> None:
    steps = step("a", '"1.5 V"') + step("z", '"0.1 V"', more='bench = "other.bench.toml"\n') + step("b", '"-1.5 V"')
    planned(tmp_path, step("a", '"1.5 V"'))
    (tmp_path / "other.bench.toml").write_text((tmp_path / "nbo2.bench.toml").read_text("utf-8"), "utf-8")
    assert planned(tmp_path, steps).verdict == "green"
    assert planned(tmp_path, steps.replace('bench = "other.bench.toml"\n', "")).verdict == "red"


@pytest.mark.parametrize(("when", "changes"), [('when = "device.cycles < 5"\n', ()), ("", WITHOUT_DRIVE)])
def test_a_run_on_another_bench_that_takes_no_charge_off_needs_a_yes(
    tmp_path: Path, when: str, changes: Sequence[tuple[str, str]],
) -> None:
    """It may be left out, or no source can discharge the capacitor as the bench is opened anew."""
    other = f'bench = "other.bench.toml"\n{when}'
    planned(tmp_path, step("a", '"1.5 V"'), *changes)
    (tmp_path / "other.bench.toml").write_text((tmp_path / "nbo2.bench.toml").read_text("utf-8"), "utf-8")
    before = step("a", '"1.5 V"') + step("z", '"0.1 V"', more=other)
    assert planned(tmp_path, before + step("b", '"-0.4 V"'), *changes).verdict == "green"
    found = planned(tmp_path, before + step("b", '"-1.5 V"'), *changes)
    assert found.verdict == "amber"
    assert "the voltage at the device may reach 3 V" in found.amber[0]


@pytest.mark.parametrize(("compliance", "verdict"), [("0.1 mA", "green"), ("20 mA", "red")])
def test_a_compliance_bounds_the_current_after_other_levels(tmp_path: Path, compliance: str, verdict: str) -> None:
    """From 0.9 V to -0.9 V, 34.6 mA may flow through 52 Ohm, if no compliance is less."""
    steps = "".join(f'[[step]]\nname = "{name}"\nprotocol = "iv_sweep"\nstop = "{stop}"\ncompliance = "{compliance}"\n'
                    for name, stop in (("a", "0.9 V"), ("b", "-0.9 V")))
    found = planned(tmp_path, steps, ("R_drive  smu   dut  2", "R_drive smu y 2\nC_y y dut 1u"),
                    ('max_current = "20 mA"', 'max_current = "25 mA"\nmax_power = "5 mW"'))
    assert found.verdict == verdict, found.red
    assert verdict == "green" or "b: drive: the power in the device may reach 15.58 mW" in found.red[0]


@pytest.mark.parametrize(("compliance", "most"), [((1e-5, 1e-4), 1e-4), ([1e-3], 1e-3), (2e-5, 2e-5), (None, math.inf)])
def test_the_largest_compliance_of_several_stages_counts(compliance: Any, most: float) -> None:
    assert held_levels._compliance(SimpleNamespace(compliance=compliance)) == most   # type: ignore[arg-type]


def simulate(question: Mapping[str, Any]) -> list[dict[str, Any]]:
    peaks = {"voltage": 1.0, "current": 1e-4, "power": 1e-4}
    shown = {f"{name} of a point": value for name, value in peaks.items()}
    return [{"model": "nbo2", "peaks": [peaks, peaks], "readings": [shown, shown], "reason": ""}
            for _ in question["runs"]]


@pytest.mark.parametrize(("second", "said"), [
    ("1 V", ""), ("0.5 V", "the current through a shorted device may reach 3.333 mA"),
    ("-1.5 V", "the voltage at the device may reach 2.5 V"),
    ("-0.9 V", "the current through a shorted device may reach 6.3")])
def test_a_run_with_an_accepted_limit_counts_and_is_compared(tmp_path: Path, second: str, said: str) -> None:
    """At 1 V, 3.3 mA may flow through a short, above 2 mA. A yes allows this, and no more, for a run that plans it."""
    found = planned(
        tmp_path, step("a", '"1 V"') + step("b", f'"{second}"'), ('max_current = "20 mA"', 'max_current = "2 mA"'),
        peaks=lambda *asked: foreseen_peaks(*asked, simulate=simulate))
    assert found.verdict == ("red" if said else "amber"), (found.red, found.amber)
    assert said in "".join(found.red)
