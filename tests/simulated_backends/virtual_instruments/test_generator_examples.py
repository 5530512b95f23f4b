"""Examples of the maker on the twins of the 33500B/33600A: what is sent, and the waveform at a 50 Ohm load.

The programs follow the operating and service guide of the series: the examples at the beginning of the subsystems, and
the chapter "Programming Examples". The declared load is 50 Ohm, as is the load in the circuit (10 kOhm for node "a").
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Check = Callable[[Any, Any], None]   #: times [s] and volts from the end of the program on
POINTS = 200_001


def crossings(times: Any, volts: Any, level: float = 0.0) -> Any:
    """Return the times [s] at which the voltage rises through a level."""
    above = volts > level
    k = np.flatnonzero(~above[:-1] & above[1:])
    return times[k] + (level - volts[k]) / (volts[k + 1] - volts[k]) * (times[k + 1] - times[k])


def spectrum(times: Any, volts: Any, frequency: float) -> float:
    """Return the amplitude [V] at a frequency [Hz] over the whole record."""
    return float(2 * abs(np.mean(volts[:-1] * np.exp(-2j * np.pi * frequency * times[:-1]))))


def sine(t: Any, v: Any) -> None:
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    assert spectrum(t, v, 1e5) == pytest.approx(1.0, rel=1e-3)


def square(t: Any, v: Any) -> None:
    assert (v.max(), v.min()) == pytest.approx((4.0, 0.0), abs=2e-3)
    assert np.mean(v > 2.0) == pytest.approx(0.2, abs=1e-3)


def ramp(t: Any, v: Any) -> None:
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    assert np.mean(np.gradient(v, t) > 0) == pytest.approx(0.25, abs=2e-3)


def pulse(t: Any, v: Any) -> None:
    first = crossings(t, v, 0.0)[0]
    inside = (t >= first) & (t < first + 5e-6)
    assert np.sum(v[inside] > 0) * (t[1] - t[0]) == pytest.approx(3e-6, abs=5e-9)   # width at 50 %
    falls = t[inside][(v[inside] < 1.2) & (v[inside] > -1.2) & (np.gradient(v[inside]) < 0)]
    assert np.ptp(falls) == pytest.approx(1e-6, rel=0.02)   # 90 to 10 %


def burst(t: Any, v: Any) -> None:
    rises = crossings(t, v, 0.1)
    assert np.diff(rises)[:2] == pytest.approx(10e-6, rel=1e-3)
    # three cycles, again after each 44 us
    assert np.diff(rises)[2] == pytest.approx(24e-6, rel=1e-3) and len(rises) == pytest.approx(60, abs=3)


def amplitude_modulated(t: Any, v: Any) -> None:
    assert spectrum(t, v, 1e4) == pytest.approx(0.5, rel=2e-3)   # half of the amplitude of 1 V
    for sideband in (1e4 - 200, 1e4 + 200):
        assert spectrum(t, v, sideband) == pytest.approx(0.5 * 0.8 / 2, rel=5e-3)
    assert v.max() == pytest.approx(0.9, abs=5e-3)


def frequency_modulated(t: Any, v: Any) -> None:
    rises = crossings(t, v)
    frequency = 1 / np.diff(rises)
    assert (frequency.min(), frequency.max()) == pytest.approx((18e3, 22e3), rel=3e-3)
    middle = (rises[1:] + rises[:-1]) / 2
    assert frequency == pytest.approx(20e3 + 2e3 * np.sin(2 * np.pi * 500 * middle), abs=30.0)


def keyed_frequency(t: Any, v: Any) -> None:
    frequency = 1 / np.diff(crossings(t, v))
    assert np.count_nonzero(np.abs(frequency - 1000) < 5) == pytest.approx(10 * 4, abs=5)
    assert np.count_nonzero(np.abs(frequency - 3000) < 15) == pytest.approx(30 * 4, abs=9)


def keyed_phase(t: Any, v: Any) -> None:
    assert spectrum(t, v, 1000.0) < 0.05   # half the time upright, half the time inverted
    assert np.sqrt(np.mean(v**2)) == pytest.approx(1 / np.sqrt(2), rel=5e-3)


def modulated_phase(t: Any, v: Any) -> None:
    from scipy.special import jv

    deviation = np.pi / 2
    assert spectrum(t, v, 2e3) == pytest.approx(abs(jv(0, deviation)), rel=0.01)
    assert spectrum(t, v, 2.1e3) == pytest.approx(abs(jv(1, deviation)), rel=0.01)


def modulated_width(t: Any, v: Any) -> None:
    rises, falls = crossings(t, v), crossings(t, -v)
    falls = falls[falls > rises[0]]
    widths = falls[: len(rises) - 1] - rises[: len(falls)][: len(rises) - 1]
    assert (widths.min(), widths.max()) == pytest.approx((100e-6, 300e-6), rel=0.02)
    assert np.mean(widths) == pytest.approx(200e-6, rel=0.02)


def summed(t: Any, v: Any) -> None:
    assert spectrum(t, v, 1e4) == pytest.approx(0.5, rel=2e-3)
    assert spectrum(t, v, 1e3) == pytest.approx(0.05, rel=1e-2)


def linear_sweep(t: Any, v: Any) -> None:
    rises = crossings(t, v)
    frequency, middle = 1 / np.diff(rises), (rises[1:] + rises[:-1]) / 2
    once = (middle > 0.05) & (middle < 0.9)
    assert frequency[once] == pytest.approx(2e3 + 4e3 * middle[once], rel=5e-3)
    # hold and return
    held = (middle > 1.02) & (middle < 1.48)
    assert frequency[held] == pytest.approx(6e3, rel=2e-3)


def logarithmic_sweep(t: Any, v: Any) -> None:
    rises = crossings(t, v)
    frequency, middle = 1 / np.diff(rises), (rises[1:] + rises[:-1]) / 2
    once = (middle > 0.1) & (middle < 0.48)
    assert frequency[once] == pytest.approx(100 * 100 ** (middle[once] / 0.5), rel=0.06)


def listed(t: Any, v: Any) -> None:
    rises = crossings(t, v)
    frequency, middle = 1 / np.diff(rises), (rises[1:] + rises[:-1]) / 2
    for first, expected in ((0.0, 1000.0), (0.1, 1400.0), (0.2, 2200.0), (0.3, 1000.0)):
        there = (middle > first + 0.003) & (middle < first + 0.097)
        assert frequency[there] == pytest.approx(expected, rel=5e-3)


def bits(t: Any, v: Any) -> None:
    levels = (np.interp((np.arange(127) + 0.5) * 1e-6, t - crossings(t, v)[0], v) > 0).astype(int)
    assert levels.sum() == 64   # a maximum-length sequence of 7 stages
    assert max(map(len, "".join(map(str, [*levels, *levels])).split("0"))) == 7


def combined(t: Any, v: Any) -> None:
    assert (spectrum(t, v, 1e4), spectrum(t, v, 3e4)) == pytest.approx((1.0, 0.25), rel=5e-3)


#: name -> program, seconds to look at, what must be seen
EXAMPLES: dict[str, tuple[tuple[str, ...], float, Check]] = {
    "sine": (("FUNCtion SIN", "FREQuency +1.0E+05", "VOLTage:HIGH +2.0", "VOLTage:LOW +0.0", "OUTPut ON",
              "PHASe +90.0"), 100e-6, sine),
    "square": (("FUNCtion SQU", "FUNCtion:SQUare:DCYCle +20.0", "FREQuency +1.0E+06", "VOLTage:HIGH +4.0",
                "VOLTage:LOW +0.0", "OUTPut 1"), 50e-6, square),
    "ramp": (("FUNCtion RAMP", "FUNCtion:RAMP:SYMMetry +25.0", "FREQuency +1.0E+04", "VOLTage +2.0",
              "VOLTage:OFFSet +1.0", "OUTPut ON"), 400e-6, ramp),
    "pulse": (("FUNC PULS", "FUNC:PULS:TRAN:LEAD 4E-8", "FUNC:PULS:TRAN:TRA 1E-6", "FUNC:PULS:WIDT 3E-6", "FREQ 2E5",
               "VOLT 3", "OUTP ON"), 20e-6, pulse),
    "burst": (("APPLy:SIN 1e5,3 VPP,0", "BURS:MODE TRIG", "BURS:NCYC 3", "BURS:INT:PER 4.4e-5", "BURS:PHAS 0",
               "TRIG:SOUR IMM", "BURS:STAT ON", "OUTP ON"), 8.8e-4, burst),
    "AM": (("SOURce1:APPLy:SIN 1e4, 2 VPP, 0", "AM:SOURce INT", "AM:INTernal:FUNCtion SIN", "AM:INTernal:FREQuency 200",
            "AM:DEPTh 80", "AM:STATe ON"), 20e-3, amplitude_modulated),
    "FM": (("SOURce1:APPLy:SIN 20 KHZ, 1 VPP", "FM:SOURce INT", "FM:INTernal:FUNCtion SIN", "FM:INTernal:FREQuency 500",
            "FM:DEViation 2e3", "FM:STATe ON"), 4e-3, frequency_modulated),
    "FSK": (("APPLy:SIN 1e3,2", "FSKey:FREQuency 3e3", "FSKey:INTernal:RATE 50", "FSKey:SOURce INT", "FSKey:STATe ON"),
            80e-3, keyed_frequency),
    "BPSK": (("APPLy:SIN 1e3,2", "BPSK:SOURce INT", "BPSK:INTernal:RATE 50", "BPSK:PHASe 180", "BPSK:STATe ON"), 80e-3,
             keyed_phase),
    "PM": (("APPLy:SIN 2e3,2", "PM:INTernal:FREQuency 100", "PM:DEViation 90", "PM:SOURce INT", "PM:STATe ON"), 50e-3,
           modulated_phase),
    "PWM": (("FUNCtion PULS", "FREQuency 1e3", "VOLTage 2", "FUNCtion:PULSe:WIDTh 200e-6", "PWM:SOURce INT",
             "PWM:INTernal:FUNCtion SIN", "PWM:INTernal:FREQuency 20", "PWM:DEViation 100e-6", "PWM:STATe ON",
             "OUTPut ON"), 100e-3, modulated_width),
    "SUM": (("APPLy:SIN 1e4,1", "SUM:SOURce INT", "SUM:INTernal:FUNCtion SIN", "SUM:INTernal:FREQuency 1e3",
             "SUM:AMPLitude 10", "SUM:STATe ON"), 10e-3, summed),
    "linear sweep": (("FUNCtion SIN", "FREQuency:STARt +2.0E+03", "FREQuency:STOP +6.0E+03", "SWEep:TIME +1.0",
                      "SWEep:HTIMe +0.5", "SWEep:RTIMe +0.5", "VOLTage +2.0", "TRIGger1:SOURce IMM", "OUTPut1 ON",
                      "SWEep:STATe ON"), 1.6, linear_sweep),
    "logarithmic sweep": (("APPL:SIN 1e3,2", "SWE:SPAC LOG", "FREQ:STAR 100;STOP 10E3", "SWE:TIME 0.5",
                           "FREQ:MODE SWE"), 0.5, logarithmic_sweep),
    "list": (("FUNCtion SQU", "VOLTage 2", "OUTPut ON", "LIST:FREQuency 1000,1400,2200", "LIST:DWELl 0.1",
              "TRIGger:SOURce IMM", "FREQuency:MODE LIST"), 0.4, listed),
    "PRBS": (("FUNCtion PRBS", "FUNCtion:PRBS:DATA PN7", "FUNCtion:PRBS:BRATe 1E6", "VOLTage 2", "OUTPut ON"), 280e-6,
             bits),
    "combined channels": (("SOUR1:APPL:SIN 1e4,2", "SOUR2:FUNC SIN", "SOUR2:FREQ 3e4", "SOUR2:VOLT 0.5",
                           "SOUR1:COMBine:FEED CH2"), 1e-3, combined),
}


@pytest.mark.thin(6)
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_guide(table: Any, name: str) -> None:
    program, seconds, check = EXAMPLES[name]
    bench = table(imperfections=False, netlist="R1 a 0 50\nC1 a 0 1p\nR2 b 0 50\n")
    bench.send(bench.generator, "*RST", "OUTP:LOAD 50", *program[:-1])
    assert not bench.errors(bench.generator)
    bench.bench.begin_message()
    bench.generator.exchange.recv(program[-1].encode(), True)   # what the last command begins is looked at from now on
    if bench.generator.exchange.will_answer:
        bench.bench.clock.wait(2e-3)   # a relay
    times, volts = bench.voltages("a", seconds, POINTS)
    check(times, volts)
    assert not bench.errors(bench.generator)
