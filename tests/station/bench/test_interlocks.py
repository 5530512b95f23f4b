"""Interlocks of source meters: ``tsbench check`` tells of them, and no high voltage stands where one is open."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_protocol
from tsbench.station.runner.planning import checked_plan, require_interlock

WORLD = """
seed = 3
[instruments.meter]
model = "{model}"
resource = "USB0::0x05E6::0x0001::SIM1::INSTR"
options = {{ {options} }}
[fixture]
netlist = "R1 smu 0 1meg"
terminals = {{ "{terminal}" = "smu" }}
"""
BENCH = """
visa_library = "high.world.toml@tsbench"
[instruments.meter]
driver = "{driver}"
resource = "USB0::0x05E6::0x0001::SIM1::INSTR"
{stated}
[roles]
drive = "{terminal}"
"""
STATED = """
[fixture.high_voltage]
rating = "1100 V"
interlock = "the lid of the box"
"""
#: model of the virtual instrument -> driver, terminal, options of an open interlock
MODELS = {
    "keithley_2410": ("keithley_2410", "meter", "interlock = false"),
    "keithley_2450": ("keithley_2450", "meter", "interlock = false"),
    "keithley_2470": ("keithley_2470", "meter", "interlock = false"),
    "keithley_2636b": ("keithley_2600", "meter.a", "interlock = false"),
    "keysight_b2912a": ("keysight_b2912a", "meter.1", "interlock = false"),
    "keysight_b1500a": ("keysight_b1500a", "meter.1", "interlock = false"),
}
#: model -> [V] above which it needs its interlock (manuals: 2450 and 2470, OUTPut:INTerlock:TRIPped?; 2600B, the ranges
#: of 200 V are limited; B2900 and B1500A, 42 V. A 2410 has no limit of its own: what may be touched is below 42 V)
ABOVE = {"keithley_2410": 42, "keithley_2450": 21, "keithley_2470": 21, "keithley_2636b": 20, "keysight_b2912a": 42,
         "keysight_b1500a": 42}


def bench_file(folder: Path, model: str, closed: bool, stated: str = STATED) -> Path:
    driver, terminal, options = MODELS[model]
    world = WORLD.format(model=model, terminal=terminal, options="" if closed else options)
    (folder / "high.world.toml").write_text(world, "utf-8")
    path = folder / "high.bench.toml"
    path.write_text(BENCH.format(driver=driver, terminal=terminal, stated=stated), "utf-8")
    return path


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("model", MODELS)
def test_check_asks_for_the_interlock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, closed: bool
) -> None:
    path = bench_file(tmp_path, model, closed)
    assert main(["check", str(path)]) == 0
    said, terminal = capsys.readouterr().out, MODELS[model][1]
    assert f"{terminal}: its interlock is {'closed' if closed else 'open'}\n" in said
    assert ("Close the lid of the box" in said) is not closed
    assert ("the bench answers and is safe" in said) is closed
    assert (f"all outputs are off, but the interlock of {terminal} is open" in said) is not closed


def test_check_says_nothing_of_an_interlock_that_a_model_does_not_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MODELS, "keithley_2602b", ("keithley_2600", "meter.a", ""))
    assert main(["check", str(bench_file(tmp_path, "keithley_2602b", True))]) == 0
    assert "interlock" not in capsys.readouterr().out


@pytest.mark.parametrize("model", MODELS)
def test_a_run_that_needs_an_open_interlock_does_not_start(tmp_path: Path, model: str) -> None:
    sweep = protocol_named("iv_sweep").parse({"stop": 60.0, "step": 15.0, "compliance": 1e-3})
    with pytest.raises(LimitError, match=rf"may reach 60 V, and above {ABOVE[model]} V its interlock must be "
                                         r"closed, but it is open\. Close the interlock\. Nothing was switched on"):
        run_protocol(bench_file(tmp_path, model, closed=False), None, sweep, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    low = protocol_named("iv_sweep").parse({"stop": 10.0, "step": 5.0, "compliance": 1e-3})
    with Bench.open(tmp_path / "high.bench.toml") as bench:
        require_interlock(bench, low, checked_plan(bench, low))   # type: ignore[arg-type]
    with Bench.open(bench_file(tmp_path, model, closed=True)) as bench:
        require_interlock(bench, sweep, checked_plan(bench, sweep))   # type: ignore[arg-type]


TWO_WORLD = """
seed = 3
[instruments.first]
model = "keithley_2450"
resource = "USB0::0x05E6::0x0001::SIM1::INSTR"
{first}
[instruments.second]
model = "{model}"
resource = "USB0::0x05E6::0x0002::SIM2::INSTR"
{second}
[fixture]
netlist = "R1 one 0 1meg\\nR2 two 0 1meg"
terminals = {{ first = "one", "{terminal}" = "two" }}
"""
TWO_BENCH = """
visa_library = "two.world.toml@tsbench"
[instruments.first]
driver = "keithley_2450"
resource = "USB0::0x05E6::0x0001::SIM1::INSTR"
[instruments.second]
driver = "{driver}"
resource = "USB0::0x05E6::0x0002::SIM2::INSTR"
[fixture.high_voltage]
rating = "1100 V"
interlock = "the lid of the box"
[roles]
drive = "first"
bias = "{terminal}"
"""


class TwoMeters(protocol_named("iv_sweep")):   # type: ignore[misc]
    """A sweep that also needs the second source meter."""

    roles = ("drive", "bias")


class SameTwice(protocol_named("iv_sweep")):   # type: ignore[misc]
    """A sweep whose source meter has two roles."""

    roles = ("drive", "again")


@pytest.mark.parametrize(("first", "second", "model", "refused"), [
    (True, True, "keithley_2470", ""), (False, True, "keithley_2470", "drive"), (True, False, "keithley_2470", "bias"),
    (True, False, "keithley_2460", ""),   # it has no interlock that a run could need
])
def test_each_of_two_source_meters_is_asked(
    tmp_path: Path, first: bool, second: bool, model: str, refused: str,
) -> None:
    """The plan does not tell which of the two makes the 60 V."""
    lid = "options = { interlock = false }"
    own = lid if model == "keithley_2470" else ""
    (tmp_path / "two.world.toml").write_text(TWO_WORLD.format(
        model=model, terminal="second", first="" if first else lid, second="" if second else own), "utf-8")
    path = tmp_path / "two.bench.toml"
    path.write_text(TWO_BENCH.format(driver=model, terminal="second"), "utf-8")
    sweep = TwoMeters.parse({"stop": 60.0, "step": 15.0, "compliance": 1e-3})
    low = TwoMeters.parse({"stop": 10.0, "step": 5.0, "compliance": 1e-3})
    with Bench.open(path) as bench:
        require_interlock(bench, low, checked_plan(bench, low))   # type: ignore[arg-type]
        if not refused:
            require_interlock(bench, sweep, checked_plan(bench, sweep))   # type: ignore[arg-type]
            return
        with pytest.raises(LimitError, match=rf"{refused} \(Keithley .*interlock must be closed, but it is open"):
            require_interlock(bench, sweep, checked_plan(bench, sweep))   # type: ignore[arg-type]


def test_a_source_meter_with_two_roles_is_asked_too(tmp_path: Path) -> None:
    path = bench_file(tmp_path, "keithley_2470", closed=False)
    path.write_text(path.read_text("utf-8") + 'again = "meter"\n', "utf-8")
    sweep = SameTwice.parse({"stop": 60.0, "step": 15.0, "compliance": 1e-3})
    with Bench.open(path) as bench, pytest.raises(LimitError, match="its interlock must be closed, but it is open"):
        require_interlock(bench, sweep, checked_plan(bench, sweep))   # type: ignore[arg-type]


@pytest.mark.parametrize("on_a_list", [False, True])
def test_a_4200a_that_refuses_a_high_voltage_names_its_interlock(tmp_path: Path, on_a_list: bool) -> None:
    (tmp_path / "high.world.toml").write_text(
        WORLD.format(model="keithley_4200", terminal="meter.smu1", options="interlock = false"), "utf-8")
    path = tmp_path / "high.bench.toml"
    path.write_text(BENCH.format(driver="keithley_4200", terminal="meter.smu1", stated=STATED), "utf-8")
    with Bench.open(path) as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_output(True)
        act = (lambda: meter.start_sweep(np.array([0.0, 45.0]), 0.0)) if on_a_list else (lambda: meter.set_level(45.0))
        with pytest.raises(InstrumentError, match=r"refuses 45 V\. Above 20 V its interlock must be closed.*Close the "
                                                  r"interlock and measure again$"):
            act()


@pytest.mark.parametrize("options", ["", "interlock = false"])
@pytest.mark.parametrize(("rating", "warned"), [("200 V", True), ("43 V", True), ("42 V", False)])
def test_check_says_what_to_look_at_where_the_instrument_cannot_be_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str, rating: str, warned: bool,
) -> None:
    """KXCI has no question for the interlock of a 4200A: such a bench for high voltages was once called safe."""
    (tmp_path / "high.world.toml").write_text(
        WORLD.format(model="keithley_4200", terminal="meter.smu1", options=options), "utf-8")
    path = tmp_path / "high.bench.toml"
    path.write_text(BENCH.format(driver="keithley_4200", terminal="meter.smu1",
                                 stated=STATED.replace("1100 V", rating)), "utf-8")
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "meter.smu1: its interlock cannot be asked for\n" in said
    assert ("meter.smu1 cannot be asked whether its interlock is closed. Before it brings more than 42 V to the "
            "fixture, look whether the lid of the box is closed\n" in said) is warned
    assert ("the interlock of meter.smu1 cannot be read by program. Look at the interlock before you apply high "
            "voltages" in said) is warned
    assert ("the bench answers and is safe" in said) is not warned


@pytest.mark.parametrize(("options", "rating", "watched"), [
    ("", "80 V", False), ("options = { output_enable = true }", "80 V", True), ("", "30 V", True)])
def test_check_says_that_nobody_watches_a_2400(
    options: str, rating: str, watched: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    """A bench for 80 V was once called safe while the 2400 did not look at its output enable line."""
    (tmp_path / "high.world.toml").write_text(
        WORLD.format(model="keithley_2400", terminal="meter", options=""), "utf-8")
    path = tmp_path / "high.bench.toml"
    path.write_text(BENCH.format(driver="keithley_2400", terminal="meter",
                                 stated=options + STATED.replace("1100 V", rating)), "utf-8")
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert ("the bench answers and is safe" in said) is watched
    assert ("set output_enable = true in [instruments.meter.options]" in said) is not watched
    assert ("no interlock watches meter: the bench is not ready for high voltages" in said) is not watched


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("model", MODELS)
def test_a_high_voltage_is_refused_while_the_interlock_is_open(tmp_path: Path, model: str) -> None:
    with Bench.open(bench_file(tmp_path, model, closed=False)) as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_level(10.0)
        meter.set_output(True)
        for act in (lambda: meter.set_level(60.0), lambda: meter.start_sweep(np.array([0.0, -60.0]), 0.0)):
            with pytest.raises(InstrumentError, match=rf"may reach 60 V, and above {ABOVE[model]} V its interlock "
                                                      r"must be closed, but it is open\. Close the interlock$"):
                act()
        assert meter.measure().current == pytest.approx(10e-6, rel=0.05)   # nothing has changed
        with pytest.raises(InstrumentError, match=r"(?i)interlock.* must be closed"):
            meter.configure_source(SourceSettings("current", compliance_voltage=60.0))   # a B1500A refuses this already
            meter.set_output(True)
        assert not any(state.enabled for state in bench.make_safe())


@pytest.mark.parametrize("model", MODELS)
def test_a_high_voltage_stands_where_the_interlock_is_closed(tmp_path: Path, model: str) -> None:
    with Bench.open(bench_file(tmp_path, model, closed=True)) as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_level(60.0)
        meter.set_output(True)
        assert meter.measure().current == pytest.approx(60e-6, rel=0.02)


@pytest.mark.parametrize("model", MODELS)
def test_without_a_rating_nothing_is_sent_above_42_v(tmp_path: Path, model: str) -> None:
    path = bench_file(tmp_path, model, closed=True, stated="")
    with Bench.open(path) as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
        before = world.faults.total
        with pytest.raises(LimitError, match=r"may reach 60 V, and more than 42 V is dangerous to touch"):
            meter.set_level(60.0)
        assert world.faults.total == before
    protocol = protocol_named("iv_sweep").parse({"stop": 60.0, "step": 10.0, "compliance": 1e-3})
    with pytest.raises(LimitError, match=r"may reach 60 V, and more than 42 V is dangerous to touch"):
        run_protocol(path, None, protocol, tmp_path / "runs")


@pytest.mark.sabotage("output")
def test_the_lid_of_a_2410_that_is_opened_switches_a_high_voltage_off(tmp_path: Path) -> None:
    """The output enable line is in use from the first level above 42 V on, and not before."""
    with Bench.open(bench_file(tmp_path, "keithley_2410", closed=True)) as bench:
        meter: Any = bench.source_meter()
        ask = bench.instruments.connections["meter"].driver.ask   # type: ignore[attr-defined]
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_level(42.0)
        assert ask(":OUTP:ENAB?") == "0"
        meter.set_level(43.0)
        assert ask(":OUTP:ENAB?") == "1"
        world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
        meter.set_output(True)
        meter.measure()
        node = world.instruments["meter"].placement.terminals[""]
        assert world.bench.circuit.voltage(node) == pytest.approx(43.0, rel=0.01)
        world.instruments["meter"].move_lid(closed=False)
        bench.clock.wait(0.1)
        assert abs(world.bench.circuit.voltage(node)) < 1e-3
        assert not world.instruments["meter"].output_states()[""]
        with pytest.raises(InstrumentError):
            meter.set_output(True)
        world.instruments["meter"].move_lid(closed=True)
        bench.clock.wait(0.1)
        assert abs(world.bench.circuit.voltage(node)) < 1e-3   # it does not come back by itself
        meter.configure_source(SourceSettings("current", compliance_voltage=100.0))
        assert ask(":OUTP:ENAB?") == "1"
