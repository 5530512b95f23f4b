"""The history of the virtual RTO: each acquisition of a fast series can be read, with its time."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload

PERIOD = 5e-4  #: [s] of the pulses
#: an amplitude modulation of 20 Hz makes them higher for 50 ms
PULSES = ("OUTP1:LOAD INF", "FUNC PULS", f"FUNC:PULS:PER {PERIOD}", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1.4",
          "VOLT:LOW 0", "AM:SOUR INT", "AM:INT:FUNC RAMP", "AM:INT:FREQ 20", "AM:DEPT 100", "AM:STAT ON", "OUTP1 ON")
SCREEN = ("CHAN1:RANG 4", "CHAN1:OFFS 0.7", "TIM:RANG 2E-4", "ACQ:POIN 10000", "TRIG1:MODE NORM", "TRIG1:SOUR CHAN1",
          "TRIG1:LEV1 0.3", "FORM REAL,32")


@pytest.fixture
def bench(table: Any) -> Any:
    opened = table(imperfections=False, scope="rohde_schwarz_rto1014")
    opened.send(opened.generator, *PULSES)
    opened.send(opened.scope, *SCREEN)
    return opened


def height(bench: Any, header: str = "CHAN1:WAV1") -> float:
    """Return the height of the pulse in the record that is shown [V]."""
    payload = block_payload(bench.ask_bytes(bench.scope, f"{header}:DATA?"))
    assert payload is not None
    volts = np.frombuffer(payload, "<f4")
    return float(np.percentile(volts, 95) - np.percentile(volts, 10))


def series(bench: Any, count: int) -> None:
    bench.send(bench.scope, f"ACQ:COUN {count}")
    assert bench.ask(bench.scope, "RUNS;*OPC?") == "1"


def test_each_record_of_a_series_has_its_pulse_and_its_time(bench: Any) -> None:
    """Pulses come each 0.5 ms, and the later ones are higher as the modulation says."""
    series(bench, 12)
    assert bench.ask(bench.scope, "ACQ:AVA?") == "12"
    bench.send(bench.scope, "CHAN1:WAV1:HIST:STAT ON")
    times, heights = [], []
    for index in range(-11, 1):
        bench.send(bench.scope, f"CHAN1:WAV1:HIST:CURR {index}")
        assert bench.ask(bench.scope, "CHAN1:WAV1:HIST:CURR?;:CHAN1:HIST?") == f"{index};1"
        times.append(bench.number(bench.scope, "CHAN1:WAV1:HIST:TSR?"))
        heights.append(height(bench))
    assert times[-1] == 0.0 and np.diff(times) == pytest.approx(PERIOD, abs=1e-9)
    growth = np.polyfit(times, heights, 1)[0]
    assert growth == pytest.approx(1.4 / 50e-3, rel=0.15)   # a step of the ADC is as high as that of two pulses
    assert not bench.errors(bench.scope)


def test_the_newest_is_read_without_the_history_and_a_new_acquisition_leaves_it(bench: Any) -> None:
    series(bench, 5)
    newest = height(bench)
    bench.send(bench.scope, "CHAN1:HIST:CURR -4")
    assert abs(height(bench) - newest) > 0.02
    bench.send(bench.scope, "MEAS1:ENAB ON", "MEAS1:MAIN AMPL")
    assert bench.number(bench.scope, "MEAS1:RES?") == pytest.approx(height(bench), abs=0.03)
    bench.send(bench.scope, "CHAN1:HIST OFF")
    assert height(bench) == newest
    bench.send(bench.scope, "CHAN1:HIST:CURR -4")
    series(bench, 5)
    assert bench.ask(bench.scope, "CHAN1:HIST?;HIST:CURR?") == "0;0"


def test_the_other_channel_shows_the_same_acquisition(bench: Any) -> None:
    """Channel 2 of the generator is as the first, at half the amplitude."""
    bench.send(bench.generator, *(line.replace("OUTP1", "OUTP2") if line.startswith("OUTP") else f"SOUR2:{line}"
                                  for line in PULSES), "SOUR2:VOLT:HIGH 0.7", "SOUR1:PHAS:SYNC")
    bench.send(bench.scope, "CHAN2:STAT ON", "CHAN2:RANG 2", "CHAN2:OFFS 0.35")
    series(bench, 9)
    seen = []
    for index in (-8, -4, 0):
        bench.send(bench.scope, f"CHAN1:HIST:CURR {index}")
        seen.append((height(bench), height(bench, "CHAN2:WAV1")))
    heights = np.array(seen)
    assert np.ptp(heights[:, 0]) > 0.05
    assert heights[:, 1] / heights[:, 0] == pytest.approx(heights[0, 1] / heights[0, 0], rel=0.05)
    assert not bench.errors(bench.scope)


def test_a_replay_that_is_stopped_ends_its_operation(bench: Any) -> None:
    series(bench, 6)
    bench.send(bench.scope, "CHAN1:HIST:TPAC 10", "CHAN1:HIST:PLAY", "CHAN1:HIST:PLAY")
    begin = bench.bench.clock.now
    assert bench.ask(bench.scope, "*OPC?") == "1" and bench.bench.clock.now - begin < 1


def test_a_replay_takes_its_time_and_ends_with_the_last(bench: Any) -> None:
    series(bench, 6)
    s = bench.scope
    bench.send(s, "CHAN1:HIST:TPAC 0.1")
    begin = bench.bench.clock.now
    bench.send(s, "CHAN1:HIST:PLAY")
    assert bench.ask(s, "CHAN1:HIST:CURR?") == "-5"
    bench.bench.clock.wait(0.25)
    assert bench.ask(s, "CHAN1:HIST:CURR?") == "-3"
    assert bench.ask(s, "*OPC?") == "1" and bench.bench.clock.now - begin == pytest.approx(0.6, abs=0.05)
    assert bench.ask(s, "CHAN1:HIST:CURR?") == "0"
    assert bench.ask(s, "CHAN1:HIST:PALL?;REPL?;STAR?;STOP?") == "1;0;-5;0"   # as it was played
    bench.send(s, "CHAN1:HIST:PALL OFF", "CHAN1:HIST:STAR -4", "CHAN1:HIST:STOP -2", "CHAN1:HIST:REPL ON",
               "CHAN1:HIST:PLAY")
    seen = []
    for _ in range(6):
        seen.append(int(bench.ask(s, "CHAN1:HIST:CURR?")))
        bench.bench.clock.wait(0.1)
    assert seen == [-4, -3, -2, -4, -3, -2]
    bench.send(s, "CHAN1:HIST:PLAY")
    stopped = bench.ask(s, "CHAN1:HIST:CURR?")
    bench.bench.clock.wait(0.25)
    assert bench.ask(s, "CHAN1:HIST:CURR?") == stopped
    assert bench.ask(s, "CHAN1:HIST:PALL?;REPL?;TPAC?;STAR?;STOP?") == "0;1;0.1;-4;-2" and not bench.errors(s)


@pytest.mark.parametrize(("start", "stop", "shown"), [
    (-10, 0, [-2, -1, 0, 0]), (-10, -2, [-2, -2]), (-10, -5, [-2, -2]), (-1, -2, [-1, -1]), (0, -2, [0, 0]),
])
def test_a_replay_keeps_to_what_there_is(bench: Any, start: int, stop: int, shown: list[int]) -> None:
    """A start before the oldest is the oldest; a stop before the start is the start."""
    series(bench, 3)
    bench.send(bench.scope, "CHAN1:HIST:TPAC 0.1", "CHAN1:HIST:PALL OFF", f"CHAN1:HIST:STAR {start}",
               f"CHAN1:HIST:STOP {stop}")
    bench.send(bench.scope, "CHAN1:HIST:PLAY")
    seen = []
    for _ in shown:
        seen.append(int(bench.ask(bench.scope, "CHAN1:HIST:CURR?")))
        bench.bench.clock.wait(0.1)
    assert seen == shown and not bench.errors(bench.scope)
    bench.send(bench.scope, "CHAN1:HIST:PLAY")
    begin = bench.bench.clock.now
    assert bench.ask(bench.scope, "*OPC?") == "1"
    assert bench.bench.clock.now - begin == pytest.approx(0.1 * (len(shown) - 1), abs=0.01)


def test_the_times_by_the_clock_of_the_scope(bench: Any) -> None:
    series(bench, 3)
    found = []
    for index in (-2, 0):
        bench.send(bench.scope, f"CHAN1:HIST:CURR {index}")
        found.append(bench.number(bench.scope, "CHAN1:HIST:TSRR?"))
        date, time = bench.ask(bench.scope, "CHAN1:HIST:TSD?"), bench.ask(bench.scope, "CHAN1:HIST:TSAB?")
        assert date == "2026:01:01"
        minutes, _, seconds = time.removesuffix(" s").partition(" ")
        assert minutes == "12:00"
        assert float(seconds.replace(".", "").replace(",", ".")) == pytest.approx(found[-1] % 60, abs=2e-9)
    assert found[1] - found[0] == pytest.approx(2 * PERIOD, abs=1e-9)


def test_the_times_are_those_of_the_day(table: Any) -> None:
    """A day and 75 s after the start of the bench."""
    bench = table(imperfections=False, scope="rohde_schwarz_rto1014")
    bench.bench.clock.wait(86_475)
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, *SCREEN)
    series(bench, 3)
    now = bench.bench.clock.now
    bench.send(bench.scope, "CHAN1:HIST:CURR 0")
    assert 0 <= now - bench.number(bench.scope, "CHAN1:HIST:TSRR?") < 0.1
    assert bench.ask(bench.scope, "CHAN1:HIST:TSD?") == "2026:01:02"
    assert bench.ask(bench.scope, "CHAN1:HIST:TSAB?").startswith("12:01 15,")


def test_a_run_of_fast_segmentation_takes_its_count_or_what_the_memory_holds(bench: Any) -> None:
    """20 Mpts, of which each record takes 10000."""
    bench.send(bench.generator, "AM:STAT OFF")
    bench.send(bench.scope, "ACQ:SEGM:STAT ON", "ACQ:COUN 7", "RUN")
    bench.bench.clock.wait(4.9e-3)
    bench.send(bench.scope, "STOP")
    assert bench.ask(bench.scope, "ACQ:AVA?") == "7"
    planned = [bench.scope.acquire_commands.plan([1], False).records]
    bench.send(bench.scope, "ACQ:SEGM:MAX ON")
    planned.append(bench.scope.acquire_commands.plan([1], False).records)
    assert planned == [7, 2000]


def test_fast_segmentation_keeps_what_a_run_has_taken_until_it_is_stopped(bench: Any) -> None:
    """20 Mpts hold 2000 records of 10000 points; a run of 10 ms takes about 20."""
    bench.send(bench.generator, "AM:STAT OFF")
    bench.send(bench.scope, "ACQ:SEGM:STAT ON", "ACQ:SEGM:MAX ON", "RUN")
    bench.bench.clock.wait(10e-3)
    bench.send(bench.scope, "CHANnel:WAVeform:HISTory:STATe 1")
    available = int(bench.ask(bench.scope, "ACQ:AVA?"))
    assert available == pytest.approx(20, abs=3)
    bench.send(bench.scope, f"CHANnel:WAVeform:HISTory:CURRent {1 - available}")
    assert bench.number(bench.scope, "CHANnel:WAVeform:HISTory:TSRelative?") == pytest.approx(
        (1 - available) * PERIOD, abs=1e-9)
    assert not bench.errors(bench.scope)


@pytest.mark.parametrize(("message", "code"), [
    ("CHAN1:HIST:CURR -3", -222), ("CHAN1:HIST:CURR 1", -222), ("CHAN1:HIST:TPAC 11", -222), ("CHAN5:HIST ON", -114),
    ("CHAN1:HIST:PALL MAYBE", -224),
])
def test_what_is_refused(bench: Any, message: str, code: int) -> None:
    series(bench, 3)
    bench.send(bench.scope, message)
    assert bench.errors(bench.scope) == [code] and bench.ask(bench.scope, "CHAN1:HIST:CURR?;STAT?") == "0;0"


def test_without_an_acquisition_there_is_no_history(bench: Any) -> None:
    bench.send(bench.generator, "OUTP1 OFF")
    bench.send(bench.scope, "RUNS", "CHAN1:HIST:CURR 0", "CHAN1:HIST:TSR?")
    assert bench.errors(bench.scope) == [-221, -230] and bench.ask(bench.scope, "ACQ:AVA?") == "0"
    assert bench.ask(bench.scope, "CHAN1:HIST:STAT?") == "0"
