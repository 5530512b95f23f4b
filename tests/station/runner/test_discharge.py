"""When a device switches, the capacitance across it discharges through it: the plan says what no limit bounds."""

from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.errors import LimitError
from tsbench.protocols import Protocol, protocol_named
from tsbench.records import RunEvent
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_on
from tsbench.station.runner.planning import checked_plan

SWEEP = protocol_named("iv_sweep").parse({"stop": 1.2, "step": 0.01})
PULSES = protocol_named("pulse_train").parse({"amplitude": ["1.2 V"], "width": "1 us", "count": 1})
LEAST = 'least_resistance = "200 Ohm"'


def changed(bench: Path, *changes: tuple[str, str]) -> Path:
    text = bench.read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    bench.write_text(text, "utf-8")
    return bench


def told(bench: Path, protocol: Protocol = SWEEP) -> list[str]:
    with Bench.open(bench, "D1") as opened:
        return [line for line in checked_plan(opened, protocol).warnings if line.startswith("when the device switches")]


def test_the_plan_tells_charge_energy_and_what_bounds_the_current(nbo2_bench: Path) -> None:
    line, = told(changed(nbo2_bench, (LEAST, "")))
    assert line == (
        "when the device switches, the 80 pF across it discharge through it: up to 24.0 mA for a moment (96.0 pC and "
        "57.6 pJ at 1.2 V). This is more than max_current = 20 mA, which bounds only the current of the sources. Lower "
        "the voltage or the capacitance, or state least_resistance in [devices.ID] of the bench file. A campaign "
        "simulates this current if the material of the device has a model")
    shunted = changed(nbo2_bench, ("XDUT     dut   low  device", "XDUT     dut   low  device\nC_x dut low 1n"))
    assert "1.08 nF" in told(shunted)[0] and "nothing bounds the current for a moment (" in told(shunted)[0]


def test_a_capacitance_behind_a_contact_is_told_too(nbo2_bench: Path) -> None:
    """A cable, then a needle of 5 Ohm: nothing lies directly across the device."""
    changed(nbo2_bench, (LEAST, ""), ("C_probe  dut   0    80p", "R_needle dut tip 5\nC_probe dut 0 1n"),
            ("XDUT     dut   low", "XDUT     tip   low"))
    line, = told(nbo2_bench)
    # 55 mV stay
    assert "the capacitors of the fixture discharge through it: up to 21.8 mA for a moment (1.14 nC and 718 pJ" in line


@pytest.mark.parametrize(("limit", "lines"), [("23.9 mA", 1), ("24 mA", 0), ("24.1 mA", 0)])
def test_the_current_is_compared_with_the_limit_itself(nbo2_bench: Path, limit: str, lines: int) -> None:
    assert len(told(changed(nbo2_bench, (LEAST, ""), ("20 mA", limit)))) == lines   # 1.2 V / 50 Ohm


@pytest.mark.parametrize(("protocol", "drive", "pulser", "said"), [
    (SWEEP, "smu tip 2", "gen1 dut 2", ["up to 23.1 mA"]),   # 2 Ohm and 50 Ohm
    (PULSES, "smu dut 2", "gen1 tip 2", ["up to 12.1 mA"]),   # and 50 Ohm of the generator
    (SWEEP, "smu dut 2", "gen1 tip 2", []), (PULSES, "smu tip 2", "gen1 dut 2", [])])   # the needle, the other is off
def test_a_source_that_is_on_drives_beside_the_capacitance(
    nbo2_bench: Path, protocol: Protocol, drive: str, pulser: str, said: list[str],
) -> None:
    """The capacitance is behind a needle of 1 kOhm. A source at the device itself is not."""
    changed(nbo2_bench, (LEAST, ""), ("20 mA", "11.9 mA"), ("smu   dut  2", drive), ("gen1  dut  2", pulser),
            ("R_shunt  low", "R_needle dut tip 1k\nR_shunt low"), ("XDUT     dut   low", "XDUT     tip   low"))
    lines = told(nbo2_bench, protocol)
    assert len(lines) == len(said) and all(one in line for one, line in zip(said, lines, strict=True)), lines


def test_a_stated_least_resistance_is_named_and_not_asked_for(nbo2_bench: Path) -> None:
    line, = told(changed(nbo2_bench, ('max_current = "20 mA"', 'max_current = "3 mA"')))
    assert "up to 4.80 mA for a moment with least_resistance = 200 Ohm (" in line
    assert "Lower the voltage or the capacitance. A campaign" in line and "state" not in line


@pytest.mark.parametrize("changes", [
    (), ((LEAST, ""), ("20 mA", "25 mA")), ((LEAST, ""), ("C_probe  dut   0    80p\n", "")),
    ((LEAST, ""), ('max_current = "20 mA"', ""))])
def test_nothing_is_told_where_the_wiring_bounds_it_or_no_limit_is_stated(
    nbo2_bench: Path, changes: tuple[tuple[str, str], ...],
) -> None:
    assert told(changed(nbo2_bench, *changes)) == []


@pytest.mark.parametrize(("limit", "said"), [
    ('max_charge = "90 pC"', "charge may reach 96.00 pC, but max_charge of D1 is 90.00 pC"),
    ('max_energy = "50 pJ"', "energy may reach 57.60 pJ, but max_energy of D1 is 50.00 pJ")])
def test_stored_charge_and_energy_are_compared_with_their_limits(nbo2_bench: Path, limit: str, said: str) -> None:
    changed(nbo2_bench, ('max_current = "20 mA"', f'max_current = "20 mA"\n{limit}'))
    with Bench.open(nbo2_bench, "D1") as bench, pytest.raises(LimitError, match=said):
        checked_plan(bench, SWEEP)


NEEDLE = (("C_probe  dut   0    80p", "R_needle dut tip 5\nC_probe dut 0 1n"),
          ("XDUT     dut   low", "XDUT     tip   low"))


@pytest.mark.parametrize(("limit", "said"), [
    ('max_charge = "0.5 nC"', r"charge may reach 1\.145 nC, but max_charge of D1 is 500\.0 pC\. Lower the voltage"),
    ('max_energy = "0.5 nJ"', r"energy may reach 718\.5 pJ, but max_energy of D1 is 500\.0 pJ\. Lower the voltage")])
@pytest.mark.parametrize("current", ['max_current = "20 mA"\n', ""])
def test_charge_and_energy_behind_a_contact_are_compared_with_their_limits(
    nbo2_bench: Path, limit: str, said: str, current: str,
) -> None:
    changed(nbo2_bench, *NEEDLE, ('max_current = "20 mA"', current + limit))
    with Bench.open(nbo2_bench, "D1") as bench, pytest.raises(LimitError, match=said):
        checked_plan(bench, SWEEP)


@pytest.mark.parametrize(("protocol", "changes", "coulombs"), [
    (SWEEP, (), 0.0), (SWEEP, NEEDLE, 1.145e-9),   # 1 mA through 55 Ohm keep 55 mV
    # a cable at the source: it loses its charge where the compliance lets the voltage fall, not before a resistor
    (SWEEP, (("R_drive", "C_cable smu 0 100p\nR_drive"),), 100e-12 * (1.2 - 1e-3 * 52)),
    (SWEEP, (("R_drive  smu   dut  2", "C_cable smu 0 100p\nR_drive smu dut 5k"),), 0.0),
    (PULSES, (("R_pulse  gen1  dut  2", "C_cable gen1 0 100p\nR_pulse gen1 dut 5k"),), 100e-12 * 1.2 * 50 / 5100),
    (PULSES, (("R_pulse  gen1  dut  2", "R_pulse gen1 x 2\nC_in x dut 1u"),), 0.0),   # the source charges it
    (PULSES, (("R_pulse  gen1  dut  2", "R_pulse gen1 x 2\nC_in x dut 1u"), *NEEDLE), 1.2e-9)])
def test_a_capacitor_counts_as_far_as_it_gives_off_its_charge(
    nbo2_bench: Path, protocol: Protocol, changes: tuple[tuple[str, str], ...], coulombs: float,
) -> None:
    changed(nbo2_bench, *changes)
    with Bench.open(nbo2_bench, "D1") as bench:
        plan, own = checked_plan(bench, protocol), protocol.plan(bench)
    (charge, total), (before, total_before) = (
        [next(item.value for item in one.worst_case if item.quantity == name) for name in ("charge", "total charge")]
        for one in (plan, own))
    assert charge - before == pytest.approx(coulombs, rel=2e-3, abs=1e-16)
    pulses = next((item.value for item in plan.worst_case if item.quantity == "pulses"), 0.0)
    assert total - total_before == pytest.approx(pulses * coulombs, rel=2e-3, abs=1e-15)


def test_a_run_of_a_campaign_does_not_tell_it_again(nbo2_bench: Path, tmp_path: Path) -> None:
    changed(nbo2_bench, (LEAST, ""))
    sweep = protocol_named("iv_sweep").parse({"stop": 1.2, "step": 0.1})
    with Bench.open(nbo2_bench, "D1") as bench:
        for campaign, lines in (("", 1), ("C1", 0)):
            events: list[RunEvent] = []
            run_on(bench, sweep, tmp_path / "runs", events=events.append, extract=False, campaign_id=campaign)
            assert sum("when the device switches" in one.message for one in events) == lines


@pytest.mark.thorough
def test_measure_and_a_list_tell_it_and_a_campaign_has_its_own_worst_case(
    nbo2_bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    changed(nbo2_bench, (LEAST, ""))
    order = ["measure", "iv_sweep", "--bench", str(nbo2_bench), "--device", "D1", "--set", "stop=1.2 V", "--set",
             "step=50 mV", "--out", str(tmp_path / "runs")]
    assert main(order) == 0
    assert "warning: when the device switches, the 80 pF" in capsys.readouterr().err
    text = f'bench = "{nbo2_bench.name}"\ndevice = "D1"\n'
    for name, table, count in (("a.list.toml", "protocol", 2), ("b.campaign.toml", "step", 0)):
        path = nbo2_bench.with_name(name)
        key = "name" if table == "protocol" else "protocol"
        head = text if table == "protocol" else f'bench = "{nbo2_bench.name}"\ndevices = ["D1"]\n'
        own = "" if table == "protocol" else 'name = "s{number}"\n'
        path.write_text(head + "".join(
            f'[[{table}]]\n{own.format(number=number)}{key} = "iv_sweep"\nstop = "1.2 V"\nstep = "50 mV"\n'
            for number in range(2)), "utf-8")
        main(["run", str(path), "--dry-run", "--out", str(tmp_path / table)])
        printed = capsys.readouterr()
        assert (printed.out + printed.err).count("when the device switches, the 80 pF") * 2 == count, printed.out
