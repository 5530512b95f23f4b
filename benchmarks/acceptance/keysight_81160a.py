"""PyMeasure's Keysight81160A, judged by the true waveform at the resistor."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, same
from benchmarks.acceptance.judging import frequency_of, width_at_half

#: share of the voltage that reaches the resistor from the 50 Ohm output
SHARE = RESISTANCE / (RESISTANCE + 50.0)


def _keysight81160a() -> Any:
    from pymeasure.instruments.keysight import Keysight81160A

    return Keysight81160A


KEYSIGHT_81160A = Driver("pymeasure", "Keysight81160A", ("keysight_81160a",), pymeasure_opening(_keysight81160a))


def settled(bench: OpenBench) -> None:
    """Let the relay close."""
    bench.waveform(0.05, 11)


@KEYSIGHT_81160A.case
def sine_into_an_open_load(generator: Any, bench: OpenBench) -> None:
    """Amplitude, offset and frequency come out."""
    channel = generator.ch_1
    channel.output_load = 1e6
    channel.shape, channel.frequency, channel.amplitude, channel.offset = "SIN", 10e3, 1.0, 0.25
    channel.output = True
    assert channel.output is True
    settled(bench)
    times, volts = bench.waveform(1e-3)
    # data sheet: 1.5 % + 5 mV of the amplitude, 1 % + 5 mV of the offset; noise widens the peaks
    close_to("peak to peak", float(np.ptp(volts)), 1.0 * SHARE, 0.025)
    close_to("mean", float(volts[:-1].mean()), 0.25 * SHARE, 0.01)
    close_to("frequency", frequency_of(times, volts, 0.25 * SHARE), 10e3, 10.0)
    same("errors", bench.errors(), [])


@KEYSIGHT_81160A.case
def pulse_width_at_half(generator: Any, bench: OpenBench) -> None:
    """The width of a pulse holds at 50 %; into an open load, the levels for 50 Ohm double."""
    channel = generator.ch_1
    channel.shape = "PULS"
    channel.pulse_period, channel.pulse_width = 1e-4, 1e-5
    channel.voltage_high, channel.voltage_low = 1.0, 0.0
    channel.output = True
    assert channel.output is True
    settled(bench)
    times, volts = bench.waveform(3e-4, 300_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, 2.0 * SHARE), 1e-5, 1e-7)
    same("errors", bench.errors(), [])


@KEYSIGHT_81160A.case
def uploaded_points_come_out(generator: Any, bench: OpenBench) -> None:
    """A waveform with positive and negative points has their levels, each for its share of the time.

    The class has no command that chooses the waveform for USER: it is an exponential rise if nothing is sent.
    """
    channel = generator.ch_1
    channel.waveform_volatile = [0.0, 1.0, -1.0, 0.5] * 4
    channel.shape = "USER"
    generator.write(":FUNC1:USER VOLATILE")
    channel.frequency = 1e3
    channel.voltage_high, channel.voltage_low = 0.5, -0.5
    channel.output = True
    assert channel.output is True
    same("errors", bench.errors(), [])
    settled(bench)
    times, volts = bench.waveform(2e-3)
    close_to("frequency", frequency_of(times, volts, 0.75 * SHARE) / 4, 1e3, 1.0)   # 1 V comes four times in a period
    for level in (0.0, 1.0, -1.0, 0.5):
        close_to(f"share of the time at {level:g} V", float(np.mean(np.abs(volts - level * SHARE) < 0.1)), 0.25, 0.01)


@KEYSIGHT_81160A.case
def negative_points_keep_their_sign(generator: Any, bench: OpenBench) -> None:
    """A waveform of negative points only has codes of the output's range, and no error."""
    generator.ch_1.waveform_volatile = [-2.0, -1.0] * 8
    same("errors", bench.errors(), [])


@KEYSIGHT_81160A.provoking(-113)
def unknown_header_is_an_error(generator: Any, bench: OpenBench) -> None:
    """-113 reaches the class."""
    generator.write(":NONSENSE 1")
    same("codes", [int(error[0]) for error in generator.check_errors()], [-113])


DRIVERS = (KEYSIGHT_81160A,)
