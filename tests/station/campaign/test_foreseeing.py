"""The worst case of planned runs: what a simulation or a bound means for the limits, and what is asked of it."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tsbench.station.campaign import campaign
from tsbench.station.campaign.foreseeing import MARGIN, SOURCE_ERROR, Foreseen, beyond, foreseen_peaks
from tsbench.station.campaign.overview import CampaignPlan

NETLIST = "R1 smu dut 2\nC1 dut 0 100p\nR_shunt low 0 50\nXDUT dut low device"
CAMPAIGN = 'bench = "b.bench.toml"\ndevices = ["D*"]\n[[step]]\nname = "s"\nprotocol = "iv_sweep"\nstop = "1 V"\n' \
           'compliance = "0.2 mA"\n'


class Simulation:
    """Answers with the same peaks for each run, and keeps what it was asked."""

    def __init__(self, reason: str = "", known: bool = True, shows: bool = True, **peaks: float) -> None:
        self.peaks = {"voltage": 1.0, "current": 1e-3, "power": 1e-4, **peaks}
        self.reason, self.known, self.shows = reason, known, shows
        self.asked: list[Mapping[str, Any]] = []

    def __call__(self, question: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        self.asked.append(question)
        shown = {f"{name} of a point": value for name, value in self.peaks.items()}
        answer = {"model": "nbo2", "peaks": [self.peaks, self.peaks], "reason": self.reason,
                  "readings": [shown, shown] if self.shows else [{}, {}]}
        return [answer] * (len(question["runs"]) if self.known else 0)


def plan(folder: Path, simulation: Simulation, limits: str = "", device: str = 'material = "NbO2"',
         text: str = CAMPAIGN, netlist: str = NETLIST) -> CampaignPlan:
    """Plan a campaign on a simulated bench with one source meter."""
    world = ('[instruments.smu]\nmodel = "keithley_2450"\nresource = "USB0::0x05E6::0x2450::SIM00001::INSTR"\n'
             f'[fixture]\nnetlist = """{netlist}"""\nterminals = {{ smu = "smu" }}\n[devices.D1]\nmodel = "nbo2"\n')
    (folder / "w.world.toml").write_text(world, "utf-8")
    (folder / "b.bench.toml").write_text(
        'visa_library = "w.world.toml@tsbench"\n[instruments.smu]\ndriver = "keithley_2450"\n'
        'resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"\n[roles]\ndrive = "smu"\n'
        f'[fixture]\nnetlist = """{netlist}"""\nterminals = {{ smu = "smu" }}\n[device.limits]\n{limits}\n'
        f"[devices.D1]\n{device}\n[devices.D2]\n{device}\n", "utf-8")
    (folder / "c.campaign.toml").write_text(text, "utf-8")
    return campaign(folder / "c.campaign.toml", folder / "out").plan(
        peaks=lambda *asked: foreseen_peaks(*asked, simulate=simulation))


def test_equal_devices_and_equal_runs_are_simulated_once(tmp_path: Path) -> None:
    more = f'{CAMPAIGN}repeat = 3\n[[step]]\nname = "c"\nprotocol = "first_contact"\n'
    found = plan(tmp_path, simulation := Simulation(), text=more)
    (question,) = simulation.asked
    assert [run["protocol"] for run in question["runs"]] == ["iv_sweep", "first_contact"]
    assert question["models"] == {"smu": "2450"} or "2450" in question["models"]["smu"]
    assert found.verdict == "green" and len(found.planned) == 8
    assert found.rows[0].foreseen == "simulated with 2 devices of the model nbo2"
    assert found.rows[0].peaks["current"].value == pytest.approx(MARGIN * 1e-3)


def test_a_simulated_peak_beyond_a_limit_is_red_although_the_compliance_is_not(tmp_path: Path) -> None:
    found = plan(tmp_path, Simulation(), 'max_current = "1.05 mA"')   # the compliance is 0.2 mA
    assert (found.verdict, found.exit_code) == ("red", 3)
    assert "when it switches, current may reach 1.1" in found.red[0] and "model nbo2" in found.red[0]
    assert plan(tmp_path, Simulation(), 'max_current = "1.15 mA"').verdict == "green"
    assert "none of them passes the limit, but one comes to 1.00 mA" in found.red[0]
    assert "nbo2: 2 of them pass the limit)" in plan(tmp_path, Simulation(), 'max_current = "0.9 mA"').red[0]


@pytest.mark.parametrize(("device", "verdict"), [('material = "NbO2"', "amber"), ("", "red")])
def test_a_compliance_above_the_limit_is_told_before_the_guard_refuses_it(
    tmp_path: Path, device: str, verdict: str,
) -> None:
    """Behind 10 kOhm, 1 V drives 0.1 mA, and the compliance is 0.2 mA."""
    netlist = "R1 smu dut 10000\nXDUT dut 0 device"
    found = plan(tmp_path, Simulation(current=1e-5), 'max_current = "0.15 mA"', device, netlist=netlist)
    assert found.verdict == verdict
    assert "compliance" in (found.amber + found.red)[0] and "150 uA" in (found.amber + found.red)[0]


def test_what_only_the_model_allows_needs_a_yes(tmp_path: Path) -> None:
    """Through any device, 0.2 mA may flow; the model takes 10 uA."""
    found = plan(tmp_path, Simulation(current=1e-5), 'max_current = "0.1 mA"')
    assert found.verdict == "amber" and found.exit_code == 0
    assert found.amber == (
        "D1 s and 1 more: a device of any resistance may see a current of 200 uA, above max_current of 100 uA. "
        "Simulated with 2 devices of the model nbo2, it is at most 11.0 uA. With a compliance of at most 100 uA, the "
        "source meter itself keeps this limit. If you accept this, the run may set what is planned, and it ends at the "
        "first reading that is larger than a device like the model gives",)
    unseen = plan(tmp_path, Simulation(current=1e-5, shows=False), 'max_current = "0.1 mA"')
    assert unseen.verdict == "red" and "no reading of the run shows its current" in unseen.red[0]
    assert plan(tmp_path, Simulation(current=1e-5), 'max_current = "0.1 mA"\nmax_charge = "1 pC"').verdict == "red"


@pytest.mark.parametrize(("simulation", "device", "reason"), [
    (Simulation(), "", "the bench file names no material of D1"),
    (Simulation(known=False), 'material = "NbO2"', "the simulation did not answer for each run"),
    (Simulation(reason="the catalogue has no model of the material 'unobtainium'"), 'material = "unobtainium"',
     "the catalogue has no model of the material 'unobtainium'"),
    (Simulation(reason="the simulation takes too long"), 'material = "NbO2"', "the simulation takes too long"),
])
def test_without_a_simulation_voltage_and_resistances_bound(
    tmp_path: Path, simulation: Simulation, device: str, reason: str,
) -> None:
    """C1 holds 1 V behind the shunt of 50 Ohm; the source meter is in parallel to it."""
    bound = 1.0 * (1 + SOURCE_ERROR) / 50
    found = plan(tmp_path, simulation, f"max_current = {1.01 * bound}", device)
    assert found.verdict == "green" and found.rows[0].peaks["current"].value == pytest.approx(bound, rel=1e-3)
    assert found.rows[0].peaks["power"].value == pytest.approx((1 + SOURCE_ERROR) ** 2 / 200, rel=1e-3)
    assert found.rows[0].foreseen == f"bounded by voltage and resistances, because {reason}"
    found = plan(tmp_path, simulation, f"max_current = {0.99 * bound}", device)
    assert found.verdict == "red" and "state least_resistance in [devices.D1]" in found.red[0]


def test_the_stated_least_resistance_counts(tmp_path: Path) -> None:
    found = plan(tmp_path, Simulation(), 'max_current = "5 mA"', "least_resistance = 200")
    assert found.verdict == "green" and found.rows[0].peaks["current"].value == pytest.approx(1.01 / 250, rel=1e-3)


def test_the_load_that_a_campaign_sets_bounds_the_current(tmp_path: Path) -> None:
    """Not the load in the text of the bench file: here the decade box is in series with the device."""
    limits = 'max_current = "1 A"\n[fixture.control.load_resistance]\nelement = "Rbox"'
    netlist = NETLIST.replace("XDUT dut", "Rbox dut tip 5k\nXDUT tip")
    assert netlist != NETLIST
    for load in (1e3, 20e3):
        text = CAMPAIGN.replace('name = "s"', f'name = "s"\nfixture = {{ load_resistance = {load} }}')
        (row, *_) = plan(tmp_path, Simulation(), limits, "", text, netlist).rows
        assert row.peaks["current"].value == pytest.approx(1.0 * (1 + SOURCE_ERROR) / (load + 50), rel=1e-3)


def test_what_nothing_bounds_is_said_and_never_guessed(tmp_path: Path) -> None:
    across = NETLIST.replace("C1 dut 0", "C1 dut low")
    found = plan(tmp_path, Simulation(), 'max_current = "1 A"', "", netlist=across)
    assert found.verdict == "red"
    assert "nothing bounds the current when D1 switches and the capacitance across it discharges" in found.red[0]
    found = plan(tmp_path, Simulation(), 'max_voltage = "1 V"', "", netlist=across)   # without the source's error
    assert found.verdict == "green" and math.isinf(found.rows[0].peaks["current"].value)
    assert "not bounded" in str(found) and found.as_json()["rows"][0]["peaks"]["current"]["value"] is None


def test_a_refusal_that_is_not_of_the_device_stays(tmp_path: Path) -> None:
    text = CAMPAIGN.replace('"1 V"', '"500 V"')
    found = plan(tmp_path, Simulation(), 'max_voltage = "400 V"', text=text)
    assert found.verdict == "red" and "outside the range" in found.red[0]


def test_a_wide_spread_of_the_simulated_devices_reaches_further() -> None:
    """Corners at two standard deviations that take 4 times the median: three deviations are 8 times."""
    assert beyond([1.0, 1.0, 1.0]) == pytest.approx(MARGIN)
    assert beyond([0.25, 1.0, 4.0]) == pytest.approx(MARGIN * 8.0)
    assert beyond([1e-9, 1e-9, 1.0]) == pytest.approx(MARGIN * 2.0)   # one that switches and two that do not
    assert beyond([0.0, 0.0, 1.0]) == pytest.approx(MARGIN * 2.0)


def test_told() -> None:
    assert Foreseen({}).told == "bounded"
