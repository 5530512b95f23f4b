"""The virtual 4225-PMU: pulses and segments at the device, samples, ranges, compensation of the load line."""

import numpy as np
import pytest

from tests.fixtures.kxci_analyser import KxciAnalyser
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.pulse_measure.course import TerminalCourse


def card(netlist: str = "R1 a 0 1k\n", imperfections: bool = False, segments: bool = False) -> KxciAnalyser:
    found = KxciAnalyser(netlist, {"pmu1": "a"}, imperfections)
    found.send(f":PMU:INIT {int(segments)}", ":PMU:RPM:CONFIGURE PMU1-1, 0", ":PMU:MEASURE:RANGE 1, 2, 1e-2",
               ":PMU:LOAD 1, 1e7", ":PMU:OUTPUT:STATE 1, 1")
    return found


def triangle(found: KxciAnalyser, *more: str) -> None:
    found.send(
        ":PMU:SARB:SEQ:TIME 1, 1, 1e-5, 1e-5", ":PMU:SARB:SEQ:STARTV 1, 1, 0, 2", ":PMU:SARB:SEQ:STOPV 1, 1, 2, 0",
        ":PMU:SARB:SEQ:MEAS:TYPE 1, 1, 2, 2", ":PMU:SARB:SEQ:MEAS:START 1, 1, 0, 0",
        ":PMU:SARB:SEQ:MEAS:STOP 1, 1, 1e-5, 1e-5", ":PMU:SARB:WFM:SEQ:LIST 1, 1, 1", *more)


def test_published_example_of_segments() -> None:
    """The maker's program of a Segment Arb pulse: 1 V for 1 us, sampled at 200 MSa/s."""
    found = KxciAnalyser("R1 a 0 1meg\n", {"pmu1": "a"})
    found.send(
        ":PMU:INIT 1", ":PMU:RPM:CONFIGURE PMU1-1, 0", ":PMU:RPM:CONFIGURE PMU1-2, 0", ":PMU:MEASURE:RANGE 1, 2, 1e-6",
        ":PMU:SARB:SEQ:TIME 1, 1, 1e-6, 1e-7, 1e-6, 1e-7, 1e-6", ":PMU:SARB:SEQ:STARTV 1, 1, 0, 0, 1, 1, 0",
        ":PMU:SARB:SEQ:STOPV 1, 1, 0, 1, 1, 0, 0", ":PMU:SARB:SEQ:MEAS:TYPE 1, 1, 2, 2, 2, 2, 2",
        ":PMU:SARB:SEQ:MEAS:START 1, 1, 0, 0, 0, 0, 0", ":PMU:SARB:SEQ:MEAS:STOP 1, 1, 1e-6, 1e-7, 1e-6, 1e-7, 1e-6",
        ":PMU:SARB:WFM:SEQ:LIST 1, 1, 1", ":PMU:OUTPUT:STATE 1, 1")
    assert not found.instrument.output_states()["pmu1"]   # it closes with the test
    found.send(":PMU:EXECUTE")
    assert found.ask(":PMU:TEST:STATUS?") == "1" and found.instrument.output_states()["pmu1"]
    found.wait(0.1)
    assert found.ask(":PMU:TEST:STATUS?") == "0"
    assert found.ask(":PMU:DATA:COUNT? 1") == "640"
    volts, _, times = found.columns()
    assert times[:3] == pytest.approx([0, 5e-9, 1e-8], abs=1e-12) and times[-1] == pytest.approx(3.195e-6)
    assert volts[100] == pytest.approx(0, abs=1e-6) and volts[400] == pytest.approx(1.0, rel=1e-3)
    found.send(":PMU:OUTPUT:STATE 1, 0")
    assert not found.instrument.output_states()["pmu1"]


def test_fifty_ohm_and_the_load_that_was_set() -> None:
    for load, expected in (("1e7", 2.0 * 1000 / 1050), ("1e3", 2.0)):
        found = card(segments=True)
        triangle(found, f":PMU:LOAD 1, {load}")
        found.run(":PMU:EXECUTE")
        volts, amperes, times = found.columns()
        at = int(np.argmax(volts))
        assert max(volts) == pytest.approx(expected, rel=5e-3) and times[at] == pytest.approx(1e-5, abs=5e-8)
        # slope and level of a ramp are exact behind one pole, but for its delay
        rising = [k for k, one in enumerate(times) if 3e-6 < one < 9e-6]
        slope = np.polyfit(np.array(times)[rising], np.array(volts)[rising], 1)[0]
        assert slope == pytest.approx(expected / 1e-5, rel=1e-3)
        delay = sheet.CURRENT_RANGES[10.0][5].time_constant
        shown = np.interp(5e-6 + delay, times, amperes)
        assert shown == pytest.approx(expected / 2 / 1000, rel=2e-3)


@pytest.mark.parametrize("row", sheet.CURRENT_RANGES[10.0], ids=lambda row: f"{row.full_scale:g}")
def test_settling_of_a_current_range(row: sheet.PulseRange) -> None:
    """After a step the reading is within 0.5 % at the settling time, and not long before."""
    ohms = 1.0 / row.full_scale
    found = card(f"R1 a 0 {ohms:g}\n", segments=True)
    level = row.full_scale * 0.9 * (ohms + 50)
    hold = max(3 * row.settling, 1e-6)
    found.send(
        f":PMU:MEASURE:RANGE 1, 2, {row.full_scale:g}", f":PMU:SARB:SEQ:TIME 1, 1, 2e-8, {hold:g}, 2e-8",
        f":PMU:SARB:SEQ:STARTV 1, 1, 0, {level:g}, {level:g}", f":PMU:SARB:SEQ:STOPV 1, 1, {level:g}, {level:g}, 0",
        ":PMU:SARB:SEQ:MEAS:TYPE 1, 1, 0, 2, 0", ":PMU:SARB:SEQ:MEAS:START 1, 1, 0, 0, 0",
        f":PMU:SARB:SEQ:MEAS:STOP 1, 1, 0, {hold:g}, 0", ":PMU:SARB:WFM:SEQ:LIST 1, 1, 1")
    found.run(":PMU:EXECUTE")
    amperes, times = [], []
    count = int(found.ask(":PMU:DATA:COUNT? 1"))
    for first in range(0, count, 2048):
        for part in found.ask(f":PMU:DATA:GET 1, {first}, 2048, I, T").split(";"):
            ampere, time = part.split(",")
            amperes.append(float(ampere))
            times.append(float(time) - 2e-8)
    shown = np.interp([row.settling, row.settling / 3], times, np.array(amperes) / (0.9 * row.full_scale))
    assert shown[0] == pytest.approx(1.0, abs=6e-3)
    assert shown[1] < 0.96


def test_more_than_65536_samples_are_thinned() -> None:
    found = card(segments=True)
    found.send(":PMU:SARB:SEQ:TIME 1, 1, 1e-3, 1e-3", ":PMU:SARB:SEQ:STARTV 1, 1, 0, 1",
               ":PMU:SARB:SEQ:STOPV 1, 1, 1, 0",
               ":PMU:SARB:SEQ:MEAS:TYPE 1, 1, 2, 2", ":PMU:SARB:SEQ:MEAS:STOP 1, 1, 1e-3, 1e-3",
               ":PMU:SARB:SEQ:MEAS:START 1, 1, 0, 0", ":PMU:SARB:WFM:SEQ:LIST 1, 1, 1")
    found.run(":PMU:EXECUTE")
    assert int(found.ask(":PMU:DATA:COUNT? 1")) == 2 * int(1e-3 * 200e6 / 7)   # 7 is the least divider


def test_segments_that_do_not_fit() -> None:
    found = card(segments=True)
    triangle(found)
    for wrong, said in (
            (":PMU:SARB:SEQ:STARTV 1, 1, 0, 1.5", "do not join"), (":PMU:SARB:SEQ:STOPV 1, 1, 2", "(-122)"),
            (":PMU:SARB:SEQ:MEAS:TYPE 1, 1, 0, 2", "(-823)"), (":PMU:SARB:SEQ:MEAS:STOP 1, 1, 2e-5, 1e-5", "(-823)"),
            (":PMU:SARB:SEQ:SSR 1, 1, 1, 0", "(-122)"), (":PMU:MEASURE:RANGE 1, 0", "fixed current range"),
            (":PMU:SOURCE:RANGE 1, 40", "")):
        triangle(found, ":PMU:SARB:SEQ:SSR 1, 1, 1, 1", ":PMU:MEASURE:RANGE 1, 2, 0.01", wrong)
        reply = found.ask(":PMU:EXECUTE")
        assert said in reply if said else reply == "ACK"
        found.send(":PMU:ABORT", ":PMU:OUTPUT:STATE 1, 1")


def test_the_output_relay_opens_in_a_segment() -> None:
    found = card("R1 a 0 1k\nC1 a 0 1p\n", segments=True)
    found.send(
        ":PMU:SARB:SEQ:TIME 1, 1, 1e-4, 1e-4, 1e-4", ":PMU:SARB:SEQ:STARTV 1, 1, 1, 1, 1",
        ":PMU:SARB:SEQ:STOPV 1, 1, 1, 1, 1", ":PMU:SARB:SEQ:MEAS:TYPE 1, 1, 2, 2, 2", ":PMU:SAMPLE:RATE 1e6",
        ":PMU:SARB:SEQ:MEAS:START 1, 1, 0, 0, 0", ":PMU:SARB:SEQ:MEAS:STOP 1, 1, 1e-4, 1e-4, 1e-4",
        ":PMU:SARB:SEQ:SSR 1, 1, 1, 0, 1", ":PMU:SARB:WFM:SEQ:LIST 1, 1, 1")
    found.run(":PMU:EXECUTE")
    volts = found.columns()[0]
    assert [volts[50], volts[150], volts[250]] == pytest.approx([1000 / 1050, 0.0, 1000 / 1050], abs=1e-3)
    for part, accepted in ((0.95, False), (1.05, True)):   # a segment in which it moves lasts as long as its time
        found = card("R1 a 0 1k\nC1 a 0 1p\n", segments=True)
        duration = part * sheet.RELAY_TIME
        found.send(
            f":PMU:SARB:SEQ:TIME 1, 1, 1e-4, {duration:g}, 1e-4", ":PMU:SARB:SEQ:STARTV 1, 1, 1, 1, 1",
            ":PMU:SARB:SEQ:STOPV 1, 1, 1, 1, 1", ":PMU:SARB:SEQ:SSR 1, 1, 1, 0, 1", ":PMU:SARB:WFM:SEQ:LIST 1, 1, 1")
        assert (found.ask(":PMU:EXECUTE") == "ACK") is accepted


def test_overflow_and_status_words() -> None:
    found = card(segments=True)
    triangle(found, ":PMU:MEASURE:RANGE 1, 2, 1e-3")
    found.run(":PMU:EXECUTE")
    rows = [row.split(",") for row in found.ask(":PMU:DATA:GET 1").split(";")]
    over = [row for row in rows if float(row[1]) > 1e20]
    assert {row[3] for row in over} == {"01020841"} and {row[3] for row in rows} == {"01020841", "01020041"}
    assert max(float(row[1]) for row in rows if row not in over) <= 1.05e-3


# ------------------------------------------------------------------------------------------------- standard pulses


def pulses(found: KxciAnalyser, *more: str) -> None:
    found.send(":PMU:PULSE:TIMES 1, 1e-5, 4e-6, 1e-7, 2e-7", ":PMU:PULSE:TRAIN 1, 0.5, 2", *more)
    found.run(":PMU:EXECUTE")


def test_spot_means_of_top_and_base() -> None:
    found = card()
    pulses(found, ":PMU:PULSE:BURST:COUNT 3")
    assert found.ask(":PMU:DATA:COUNT? 1") == "3"
    high, amperes, times, low, _, low_times = found.columns()
    assert high == pytest.approx([2 / 1.05] * 3, rel=1e-3) and amperes == pytest.approx([2 / 1050] * 3, rel=1e-3)
    assert low == pytest.approx([0.5 / 1.05] * 3, rel=1e-3)
    assert np.diff(times) == pytest.approx([1e-5] * 2) and low_times[0] > times[0]
    assert float(found.ask(":PMU:DATA:GET 1, 1, 1, IL")) == pytest.approx(0.5 / 1050, rel=1e-3)
    assert found.ask(":PMU:DATA:GET 1, 0, 1, V").endswith("(-122)")


def test_width_is_at_half_of_the_amplitude() -> None:
    found = card()
    pulses(found, ":PMU:MEASURE:MODE 2", ":PMU:TIMES:WAVEFORM 1, 0.1, 0.1", ":PMU:PULSE:TRAIN 1, 0, 2")
    volts, _, times = (np.array(column) for column in found.columns())
    above = volts > max(volts) / 2
    up, down = (int(np.flatnonzero(np.diff(above.astype(int)) == way)[0]) for way in (1, -1))
    assert times[down] - times[up] == pytest.approx(4e-6, abs=1e-8)


def test_amplitude_sweep_up_and_down_with_steps() -> None:
    found = card()
    pulses(found, ":PMU:SWEEP:PULSE:AMPLITUDE 1, 1, 3, 1, 0, 1", ":PMU:MEASURE:MODE 3", ":PMU:PULSE:BURST:COUNT 4")
    assert found.columns()[0] == pytest.approx([one / 1.05 for one in (1, 2, 3, 2, 1)], rel=1e-3)


def test_mean_waveform() -> None:
    found = card(imperfections=True)
    pulses(found, ":PMU:MEASURE:MODE 4", ":PMU:PULSE:BURST:COUNT 50", ":PMU:SAMPLE:RATE 2e7")
    many = np.array(found.columns()[0])
    found.send(":PMU:MEASURE:MODE 2", ":PMU:PULSE:BURST:COUNT 1")
    found.run(":PMU:EXECUTE")
    one = np.array(found.columns()[0])
    assert many.size == one.size
    top = slice(30, 60)
    assert np.std(many[top]) < 0.4 * np.std(one[top])


def test_automatic_current_range() -> None:
    found = card()
    pulses(found, ":PMU:MEASURE:RANGE 1, 0")
    assert found.ask(":PMU:DATA:GET 1, 0, 1, SH") == "01010051"
    pulses(found, ":PMU:MEASURE:RANGE 1, 1, 0.2")
    assert found.ask(":PMU:DATA:GET 1, 0, 1, SH") == "01010061"


@pytest.mark.parametrize("times", [
    "5e-8, 4e-8, 2e-8, 2e-8", "1e-6, 3e-8, 2e-8, 2e-8", "1e-6, 5e-7, 1e-8, 2e-8", "1e-6, 1e-7, 1e-7, 1.5e-7",
    "1e-6, 9.5e-7, 2e-8, 2e-8", "1e-6, 5e-7, 2e-8, 2e-8, 1e-8", "2, 1, 1e-3, 1e-3", "1, 0.5, 0.04, 1e-3"])
def test_refused_pulse_times(times: str) -> None:
    assert card().ask(f":PMU:PULSE:TIMES 1, {times}").endswith("(-122)")


def test_load_line_compensation_pulses_the_device_before_the_test() -> None:
    counts = {}
    for llec in (0, 1):
        found = card("R1 a 0 100\n")
        seen = TerminalCourse("a", "R_spa_pmu1_relay")
        found.bench.circuit.add_observer(seen)
        found.send(f":PMU:LLEC:CONFIGURE 1, {llec}", ":PMU:PULSE:TIMES 1, 1e-5, 4e-6, 1e-7, 1e-7",
                   ":PMU:MEASURE:RANGE 1, 2, 0.2", ":PMU:PULSE:TRAIN 1, 0, 2")
        found.run(":PMU:EXECUTE")
        tops = np.concatenate(seen.volts) > 1.0
        counts[llec] = int(np.sum(np.diff(tops.astype(int)) == 1))
        assert found.columns()[0] == pytest.approx([2.0 if llec else 2 * 100 / 150], rel=5e-3)
    assert counts == {0: 1, 1: 6}


def test_accuracy_of_levels_and_readings() -> None:
    found = card("R1 a 0 10k\n", imperfections=True)
    pulses(found, ":PMU:MEASURE:RANGE 1, 2, 1e-3", ":PMU:PULSE:BURST:COUNT 20")
    row = sheet.CURRENT_RANGES[10.0][4]
    true = 2 * 10 / 10.05
    level = sheet.LEVEL_GAIN * 2 + sheet.LEVEL_OFFSETS[10.0]
    volts, amperes = (np.array(column) for column in found.columns()[:2])
    assert abs(volts.mean() - true) < level + 2.5e-3 * 2 + 10e-3
    assert abs(amperes.mean() - true / 10e3) < level / 10e3 + row.gain * 2e-4 + row.offset
    assert 0 < np.std(amperes) < row.noise
