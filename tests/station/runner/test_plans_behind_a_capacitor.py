"""Plans know the levels that a capacitor in series may hold of runs before, as the guard does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.fake_station import FakeStation
from tsbench.cli import main
from tsbench.errors import LimitError
from tsbench.instruments.guard.limits import WirePath
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_on
from tsbench.station.runner.planning import checked_plan

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Yield the NbO2 bench with 1 uF in series with its pulser; the device takes 2 V."""
    for name, second in (("nbo2.bench.toml", ""), ("nbo2.world.toml", 'model = "nbo2"\n')):
        text = (EXAMPLES / name).read_text("utf-8").replace('max_voltage = "4 V"', 'max_voltage = "2 V"')
        text = text.replace("R_pulse  gen1  dut  2", "R_pulse gen1 x 200\nC_in x dut 1u")
        (tmp_path / name).write_text(f"{text}\n[devices.D2]\n{second}", "utf-8")
    with Bench.open(tmp_path / "nbo2.bench.toml", "D1") as opened:
        yield opened


def pulses(*amplitude: float) -> Any:
    return protocol_named("pulse_train").parse({"amplitude": list(amplitude), "repeats": 1})


def test_a_plan_counts_the_levels_of_the_run_before(bench: Bench, tmp_path: Path) -> None:
    assert run_on(bench, pulses(1.5), tmp_path / "runs").status == "success"
    assert bench.wire_path("pulser").held == (0.0, 1.5)
    checked_plan(bench, pulses(-0.4))
    for view in (bench, bench.planning_for(""), bench.planning_for("").planning_for("D1")):
        with pytest.raises(LimitError, match=(
                r"voltage may reach 3\.000 V, but max_voltage of D1 is 2\.000 V.*pulser: a capacitor is in series.*"
                r"levels from 0 V to 1\.5 V were on before\. Use levels nearer to these, or discharge the capacitor")):
            checked_plan(view, pulses(-1.5))
    other = next(name for name in bench.positioner.devices() if name != "D1")
    checked_plan(bench.planning_for(other), pulses(-1.5))   # the source meter discharges the capacitor before
    bench.positioner.connect(other)
    assert bench.wire_path("pulser").held == (0.0, 0.0)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("second", "code"), [("-1.5 V", 3), ("-0.4 V", 0)])
def test_the_plan_of_a_list_counts_the_runs_before(
    second: str, code: int, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    bench.close()
    file = tmp_path / "both.list.toml"
    runs = "".join(f'[[protocol]]\nname = "pulse_train"\namplitude = "{one}"\nrepeats = 1\n'
                   for one in ("1.5 V", second))
    file.write_text(f'bench = "nbo2.bench.toml"\ndevice = "D1"\n{runs}', "utf-8")
    assert main(["run", str(file), "--dry-run", "--out", str(tmp_path / "runs")]) == code
    said = capsys.readouterr()
    assert ("pulser: the voltage at the device may reach 3 V, but max_voltage of D1 is "
            "2 V" in said.out + said.err) == bool(code), said


def test_a_plan_names_the_capacitor_where_its_own_levels_are_too_far_apart(bench: Bench) -> None:
    with pytest.raises(LimitError, match=r"the difference between the levels counts$"):
        checked_plan(bench, pulses(1.5, -1.5))
    with pytest.raises(LimitError) as caught:
        checked_plan(bench, protocol_named("iv_sweep").parse({"stop": 3.0}))   # the drive has none
    assert "capacitor" not in str(caught.value)


@pytest.mark.parametrize(("name", "settings", "voltage"), [
    ("iv_sweep", {"stop": 1.0, "both_polarities": True}, 2.0), ("first_contact", {"highest": 0.1}, 0.2),
    ("retention", {"set_voltage": 1.5, "read_voltage": -0.1}, 1.6), ("telegraph_noise", {"bias": [0.5, -0.3]}, 0.8),
    ("forming", {"stop": 1.5}, 1.5),
])
def test_plans_of_source_meters_count_all_their_levels(name: str, settings: dict[str, Any], voltage: float) -> None:
    found = []
    for path in (WirePath(100.0), WirePath(100.0, coupled=True), WirePath(100.0, coupled=True, held=(-3.0, 0.0))):
        station: Any = FakeStation()
        station.wire_path = lambda role, path=path: path
        plan = protocol_named(name).parse(settings).plan(station)
        found.append(next(item.value for item in plan.worst_case if item.quantity == "voltage"))
    highest = max(abs(value) for one in settings.values() if one is not True
                  for value in (one if isinstance(one, list) else [one]))
    assert found[:2] == pytest.approx([highest, voltage]) and found[2] == pytest.approx(3.0 + highest)


def test_a_plan_of_a_driven_current_counts_its_compliance_of_either_sign() -> None:
    """As the guard of the source meter does."""
    settings = {"drive": "current", "stop": "10 uA", "step": "1 uA", "compliance": "0.75 V"}
    for path, voltage in ((WirePath(100.0), 0.75), (WirePath(100.0, coupled=True), 1.5),
                          (WirePath(100.0, coupled=True, held=(-3.0, 0.0)), 3.75)):
        station: Any = FakeStation()
        station.wire_path = lambda role, path=path: path
        plan = protocol_named("iv_sweep").parse(settings).plan(station)
        worst = {item.quantity: item.value for item in plan.worst_case}
        assert (worst["voltage"], worst["current"]) == pytest.approx((voltage, 10e-6))
        assert worst["power"] == pytest.approx(voltage * 10e-6)


@pytest.mark.parametrize(("name", "settings", "voltage"), [
    ("pulse_train", {"amplitude": [1.5, -1.5]}, 1.5), ("oscillation", {"bias": [-1.5, 1.5]}, 1.5),
    ("stimulus", {"shape": "sine", "amplitude": 1.5}, 1.5)])
def test_plans_of_generators_count_how_far_their_levels_are_apart(
    name: str, settings: dict[str, Any], voltage: float,
) -> None:
    for path, factor in ((WirePath(100.0), 1.0), (WirePath(100.0, coupled=True), 2.0)):
        station: Any = FakeStation()
        station.wire_path = lambda role, path=path: path
        plan = protocol_named(name).parse(settings).plan(station)
        found = [item.value for item in plan.worst_case if item.quantity == "voltage"]
        assert found == [pytest.approx(factor * voltage)]
