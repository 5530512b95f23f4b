"""Triggers on pulses and patterns: what was set is caught, at the end of the pulse or where the pattern begins."""

from typing import Any

import numpy as np
import pytest

#: a period of 20 us with pulses of 1, 2 and 4 us beginning at 0, 5 and 10 us (and a dip of 0.5 us within the last one)
STATES = [(0, 1), (1, 0), (5, 1), (7, 0), (10, 1), (12, 0), (12.5, 1), (14, 0)]
NETLIST = "Va a1 0 PWL({points}) \nRa a1 a 50\nVb b1 0 PULSE(0 1 6u 10n 10n 6u 20u)\nRb b1 b 50\n"


def bench_with_pulses(table: Any) -> Any:
    """Voltage sources in the fixture: pulses on channel 1 for some periods, a gate from 6 to 12 us on channel 2."""
    points = ["0 0"]
    for period in range(400):
        for time, level in STATES:
            at = 100 + 20 * period + time
            points += [f"{at}u {1 - level}", f"{at + 0.01}u {level}"]
    bench = table(imperfections=False, netlist="R1 a 0 10k\nR2 b 0 10k\n" + NETLIST.format(
        points=" ".join(points)))
    bench.send(bench.scope, ":CHAN1:RANG 4;:CHAN2:RANG 4;DISP ON;:TIM:RANG 40e-6;:TRIG:SWE NORM",
               ":TRIG:LEV 0.5,CHAN1;:TRIG:LEV 0.5,CHAN2")
    return bench


def crossings(bench: Any, channel: int = 1) -> tuple[Any, Any]:
    """Return the rising and the falling crossings of half a volt [us] in the record."""
    times, volts, _ = bench.waveform(channel, points=20_000)
    above = volts >= 0.5
    return (1e6 * times[1:][~above[:-1] & above[1:]], 1e6 * times[1:][above[:-1] & ~above[1:]])


def caught(bench: Any, *messages: str) -> tuple[Any, Any]:
    bench.send(bench.scope, *messages)
    bench.arm()
    assert bench.finish(), messages
    assert not bench.errors(bench.scope)
    return crossings(bench)


@pytest.mark.parametrize(("messages", "width"), [
    (":TRIG:MODE GLIT;GLIT:QUAL LESS;LESS 1.2e-6;POL POS", 1.0),
    (":TRIG:MODE GLIT;GLIT:QUAL LESS;LESS 1.8e-6;POL POS", None),   # 1 us or 1.5 us
    (":TRIG:MODE GLIT;GLIT:QUAL RANG;RANG 1.8e-6,2.2e-6;POL POS", 2.0),
    (":TRIG:MODE GLIT;GLIT:QUAL GRE;GRE 5e-6;POL NEG", 6.0),
    (":TRIG:MODE GLIT;GLIT:QUAL LESS;LESS 0.8e-6;POL NEG", 0.5),
])
def test_a_pulse_is_caught_at_its_end(table: Any, messages: str, width: float | None) -> None:
    rising, falling = caught(bench_with_pulses(table), messages)
    begins, ends = (rising, falling) if "POL POS" in messages else (falling, rising)
    assert np.min(np.abs(ends)) < 0.02   # it ends at the trigger
    before = begins[begins < -0.05].max()
    assert -before == pytest.approx(width, abs=0.03) if width else -before == pytest.approx(1.25, abs=0.3)


def test_a_pulse_that_never_comes_does_not_trigger(table: Any) -> None:
    bench = bench_with_pulses(table)
    bench.send(bench.scope, ":TRIG:MODE GLIT;GLIT:QUAL LESS;LESS 0.3e-6;POL POS")
    bench.arm()
    bench.bench.clock.wait(2e-3)
    assert int(bench.ask(bench.scope, ":TER?")) == 0
    bench.send(bench.scope, ":TRIG:MODE TV", ":SING")
    bench.bench.clock.wait(2e-3)
    assert int(bench.ask(bench.scope, ":TER?")) == 0 and not bench.errors(bench.scope)


def test_a_pattern_is_caught_where_it_begins_or_ends(table: Any) -> None:
    bench = bench_with_pulses(table)
    rising, falling = caught(bench, ':TRIG:MODE PATT;PATT "11XX"')
    gates = crossings(bench, 2)[0]
    at_gate, at_pulse = np.min(np.abs(gates)) < 0.02, np.min(np.abs(rising)) < 0.02
    assert at_gate or at_pulse   # both are high from here on
    assert bench.ask(bench.scope, ":TRIG:PATT?") == '"11XX",NONE,POS'
    rising, falling = caught(bench, ':TRIG:PATT "R1XX"')   # a rising pulse while the gate is open
    assert np.min(np.abs(rising)) < 0.02 and gates_open(bench)
    rising, falling = caught(bench, ':TRIG:PATT "F0XX"')   # a falling one while it is closed
    assert np.min(np.abs(falling)) < 0.02 and not gates_open(bench)
    rising, falling = caught(bench, ':TRIG:PATT "1XXX";PATT:QUAL GRE;GRE 1.8e-6')   # the pulse of 2 us
    assert np.min(np.abs(falling)) < 0.02 and -rising[rising < -0.05].max() == pytest.approx(2.0, abs=0.03)
    rising, falling = caught(bench, ":TRIG:PATT:QUAL TIM;GRE 1.7e-6")   # 1.7 us after its begin
    assert np.min(np.abs(rising + 1.7)) < 0.03


def gates_open(bench: Any) -> bool:
    times, volts, _ = bench.waveform(2, points=20_000)
    return bool(volts[np.argmin(np.abs(times))] > 0.5)


@pytest.mark.parametrize(("message", "error"), [
    (':TRIG:PATT "11"', -224), (':TRIG:PATT "RFXX"', -224), (":TRIG:GLIT:LESS 0.5e-9", -222),
    (":TRIG:GLIT:LESS 20", -222), (":TRIG:GLIT:QUAL MORE", -224), (":TRIG:MODE RUNTS", -224),
    (":TRIG:GLIT:SOUR LINE", -224)])
def test_what_cannot_be_triggered_on_is_refused(table: Any, message: str, error: int) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, message)
    assert bench.errors(bench.scope) == [error]


def test_settings_of_pulse_triggers_are_answered(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":TRIG:GLIT:RANG 1e-6,5e-6;LEV 0.3,CHAN2;:TRIG:GLIT:SOUR CHAN2", ":TRIG:PATT:FORM HEX",
               ':TRIG:PATT "0x5"')
    assert bench.ask(bench.scope, ":TRIG:GLIT:RANG?") == "+5.00000000E-06,+1.00000000E-06"
    assert bench.number(bench.scope, ":TRIG:GLIT:LEV?") == bench.number(bench.scope, ":TRIG:LEV? CHAN2") == 0.3
    assert bench.ask(bench.scope, ":TRIG:PATT?") == '"0x5",NONE,POS'   # channels 2 and 4
    bench.send(bench.scope, ":TRIG:PATT:FORM ASC")
    assert bench.ask(bench.scope, ":TRIG:PATT?") == '"0101",NONE,POS'
    assert not bench.errors(bench.scope)
