"""Virtual 2461 (pulses of 10 A) and 2470 (1100 V, interlock), on resistors and at their limits."""

import numpy as np
import pytest

from tests.fixtures.bare_meters import BareMeter, bare_meter

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the model, not a measurement


@pytest.mark.parametrize(("model", "bounds"), [
    ("2461", [105.0, 7.35, 105.0, 10.5, 7.35, 105.0]), ("2470", [1100.0, 1.05, 1100.0, 1.05, 1.05, 1100.0])])
def test_identity_and_highest_values(model: str, bounds: list[float]) -> None:
    """Tektronix's command help: smu.source.level, .range and .xlimit.level."""
    meter = bare_meter(f"keithley_{model}")
    assert meter.ask("*IDN?").startswith(f"KEITHLEY INSTRUMENTS,MODEL {model},")
    headers = ("VOLT", "CURR", "VOLT:RANG", "CURR:RANG", "VOLT:ILIM", "CURR:VLIM")
    assert [meter.numbers(f":SOUR:{header}? MAX")[0] for header in headers] == bounds


@pytest.mark.parametrize(("model", "asked", "chosen"), [
    ("2461", "CURR:RANG 8", 10.0), ("2461", "CURR:RANG 6", 7.0), ("2461", "VOLT:RANG 8", 10.0),
    ("2470", "VOLT:RANG 3", 20.0), ("2470", "VOLT:RANG 300", 1000.0), ("2470", "CURR:RANG 2e-2", 0.1),
])
def test_source_ranges(model: str, asked: str, chosen: float) -> None:
    meter = bare_meter(f"keithley_{model}")
    meter.write(f":SOUR:{asked}")
    assert meter.numbers(f":SOUR:{asked[:9]}?") == [chosen]


@pytest.mark.parametrize(("level", "most"), [(20.0, 1.05), (200.0, 0.105), (1100.0, 0.021)])
def test_operating_boundaries_of_the_2470(level: float, most: float) -> None:
    meter = bare_meter("keithley_2470", resistance="1meg")
    meter.write(f":SOUR:VOLT {level}", f":SOUR:VOLT:ILIM {most}", f":SOUR:VOLT:ILIM {2 * most}", ":OUTP ON")
    assert meter.numbers(":SOUR:VOLT:ILIM?") == [most]
    assert meter.numbers(":READ? 'defbuffer1', READ, SOUR") == [
        pytest.approx(level / 1e6, rel=1e-3), pytest.approx(level, rel=1e-3)]


def test_the_2470_needs_its_interlock_above_21_volts() -> None:
    meter = bare_meter("keithley_2470", interlock=False)
    meter.write(":SOUR:VOLT 100;:OUTP ON")
    assert meter.ask(":OUTP:INT:TRIP?;:OUTP?") == "0;0" and meter.errors() == [-221]


@pytest.mark.parametrize(("model", "levels"), [
    ("2461", (2, 5, 10, 20, 40, 60, 80)), ("2470", (20, 40, 100, 200, 300, 400, 500))])
def test_levels_of_the_protection(model: str, levels: tuple[int, ...]) -> None:
    meter = bare_meter(f"keithley_{model}")
    meter.write(*(f":SOUR:VOLT:PROT PROT{level}" for level in levels))
    assert meter.errors() == []
    meter.write(":SOUR:VOLT:PROT PROT140")
    assert meter.errors() == [-224]


@pytest.mark.parametrize("model", ["2461", "2470"])
def test_a_limit_is_at_least_a_tenth_of_a_fixed_measuring_range(model: str) -> None:
    meter = bare_meter(f"keithley_{model}")
    meter.write(":SOUR:VOLT:ILIM 1e-5;:SENS:CURR:RANG 1e-3")
    assert meter.numbers(":SOUR:VOLT:ILIM?")[0] == pytest.approx(0.106 * 1.05e-3)


# ------------------------------------------------------------------------------------------------- pulses


def pulser(resistance: str = "1") -> BareMeter:
    meter = bare_meter("keithley_2461", resistance=resistance)
    meter.write(":SOUR:FUNC CURR;:SENS:FUNC 'VOLT';:SENS:VOLT:NPLC 0.01;AZER OFF")
    return meter


def test_a_train_of_pulses_of_ten_amperes() -> None:
    meter = pulser()
    meter.write(":SOUR:PULS:TR:CURR 0, 10, 1e-3, 3, ON, 'defbuffer1', 0, 19e-3, 15, 15")
    assert meter.errors() == []
    duration = meter.write(":INIT;*WAI")
    rows = np.reshape(meter.numbers(":TRAC:DATA? 1, 3, 'defbuffer1', READ, SOUR, REL"), (3, 3))
    assert rows[:, 0] == pytest.approx(10.0, rel=2e-3) and rows[:, 1] == pytest.approx(10.0, rel=2e-3)
    assert np.diff(rows[:, 2]) == pytest.approx(20e-3, abs=1e-5) and duration == pytest.approx(0.06, abs=0.01)
    assert meter.ask(":OUTP?;:TRIG:STAT?") == "0;IDLE;IDLE;4"


def test_a_pulse_is_as_wide_as_it_says_and_rests_on_the_bias() -> None:
    meter = pulser()
    meter.write(":SOUR:PULS:TR:CURR 0.5, 3, 10e-3, 2, OFF, 'defbuffer1', 5e-3, 90e-3, 15, 15", ":INIT")
    stage, clock, seen = meter.meter.output.stage, meter.bench.clock, []
    for _ in range(2300):
        clock.wait(0.1e-3)
        seen.append(stage.present("CURR"))
    level = np.array(seen)
    assert np.sum(level > 1.75) * 0.1e-3 == pytest.approx(2 * 10e-3, abs=1e-3)
    assert level.max() == pytest.approx(3.0, rel=0.02) and np.median(level) == pytest.approx(0.5, rel=0.01)
    assert meter.ask(":TRAC:ACT?") == "0"


def test_a_pulse_sweep_goes_up_and_back() -> None:
    meter = pulser()
    meter.write(":SOUR:PULS:SWE:CURR:LIN 0, 1, 3, 3, 1e-3, ON, 'defbuffer1', 0, 9e-3, 1, 10, 10, OFF, ON", ":INIT;*WAI")
    assert meter.errors() == []
    assert meter.numbers(":TRAC:DATA? 1, 6") == pytest.approx([1, 2, 3, 3, 2, 1], rel=5e-3)
    meter.write(":SOUR:PULS:SWE:CURR:LOG 0, 0.01, 1, 3, 1e-3, ON", ":INIT;*WAI")
    assert meter.numbers(":TRAC:DATA? 1, 3") == pytest.approx([0.01, 0.1, 1], rel=2e-2)
    meter.write(":SOUR:PULS:SWE:CURR:LIN:STEP 0, 0, 1, 0.5, 1e-3, ON", ":INIT;*WAI")
    assert meter.numbers(":TRAC:DATA? 1, 3") == pytest.approx([0, 0.5, 1], abs=5e-3)


def test_pulses_end_at_their_limit_unless_they_are_to_go_on() -> None:
    for fail_abort, count in (("ON", 1), ("OFF", 3)):
        meter = pulser("10")
        meter.write(f":SOUR:PULS:TR:CURR 0, 2, 1e-3, 3, ON, 'defbuffer1', 0, 19e-3, 5, 5, {fail_abort}", ":INIT;*WAI")
        assert int(meter.ask(":TRAC:ACT?")) == count
        assert meter.numbers(":TRAC:DATA? 1, 1")[0] == pytest.approx(5.0, rel=0.01)
        assert meter.ask(":TRIG:STAT?").startswith("ABORTED" if fail_abort == "ON" else "IDLE")


def test_an_abort_goes_back_to_the_bias() -> None:
    meter = pulser()
    meter.write(":SOUR:PULS:TR:CURR 0.1, 3, 1, 0, OFF", ":INIT")
    meter.bench.clock.wait(0.5)
    assert meter.meter.output.stage.present("CURR") == pytest.approx(3.0, rel=0.01)
    meter.write(":ABOR")
    meter.bench.clock.wait(0.1)
    assert meter.meter.output.stage.present("CURR") == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(("message", "code"), [
    ("TR:CURR 0, 11, 1e-3, 1", -222), ("TR:CURR 8, 9, 1e-3, 1", -222), ("TR:CURR 0, 1, 1e-4, 1", -222),
    ("TR:CURR 0, 10, 2e-3, 1, ON, 'defbuffer1', 0, 1", -222),
    ("TR:CURR 0, 10, 1e-3, 1, ON, 'defbuffer1', 0, 18e-3", -222),
    ("TR:CURR 0, 10, 1e-3, 1, ON, 'defbuffer1', 0, 19e-3", 0), ("TR:VOLT 0, 1, 1e-3, 1", -221),
    ("TR:CURR 0, 1, 1e-3, 1, ON, 'no'", -224), ("SWE:CURR:LIN:STEP 0, 0, 1, -1, 1e-3", -222),
    ("SWE:CURR:LIN 0, 0, 1, 1, 1e-3", -222),
])
def test_what_a_pulse_may_be(message: str, code: int) -> None:
    meter = pulser()
    meter.write(f":SOUR:PULS:{message}")
    assert meter.errors() == ([code] if code else [])


def test_a_measurement_must_fit_into_the_pulse() -> None:
    meter = pulser()
    meter.write(":SENS:VOLT:NPLC 1", ":SOUR:PULS:TR:CURR 0, 1, 1e-3, 1", ":SOUR:PULS:TR:CURR 0, 1, 1e-3, 1, OFF")
    assert meter.errors() == [-221]
