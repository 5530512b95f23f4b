"""PyMeasure's classes of waveform generators, judged by the true waveform at the resistor."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, same
from benchmarks.acceptance.judging import crossings, frequency_of, rise_time, width_at_half


def _agilent33500() -> Any:
    from pymeasure.instruments.agilent import Agilent33500

    return Agilent33500


def _agilent33220a() -> Any:
    from pymeasure.instruments.agilent import Agilent33220A

    return Agilent33220A


AGILENT_33500 = Driver("pymeasure", "Agilent33500", ("keysight_33522b",), pymeasure_opening(_agilent33500))
AGILENT_33500_ON_33600A = Driver(
    "pymeasure", "Agilent33500 on a 33622A", ("keysight_33622a",), pymeasure_opening(_agilent33500))
AGILENT_33220A = Driver("pymeasure", "Agilent33220A", ("keysight_33522b",), pymeasure_opening(_agilent33220a))
#: share of the voltage that reaches the resistor from the 50 Ohm output
SHARE = RESISTANCE / (RESISTANCE + 50.0)


def settled(bench: OpenBench) -> None:
    """Let the relay close: the next waveform begins with the output on."""
    bench.waveform(0.02, 11)


# ------------------------------------------------------------------------------------------------ 33500


def identifies_itself(generator: Any, bench: OpenBench) -> None:
    """The class reads the model."""
    assert ",335" in generator.id or ",336" in generator.id, generator.id


def levels_into_an_open_load(generator: Any, bench: OpenBench) -> None:
    """A sine wave has the amplitude, the offset and the frequency that were set (1 % + 1 mV; 33500B data sheet)."""
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.shape, channel.frequency, channel.amplitude, channel.offset = "SIN", 10e3, 2.0, 0.5
    channel.output = True
    assert channel.output is True
    settled(bench)
    times, volts = bench.waveform(1e-3)
    close_to("peak to peak", float(np.ptp(volts)), 2.0 * SHARE, 0.021)
    close_to("mean", float(volts[:-1].mean()), 0.5 * SHARE, 0.03)
    close_to("frequency", frequency_of(times, volts, 0.5 * SHARE), 10e3, 10.0)
    same("errors", generator.check_errors(), [])


def level_algebra_into_the_declared_load(generator: Any, bench: OpenBench) -> None:
    """Set for 50 Ohm, an open output has twice the voltage; a change of the load setting changes what is shown."""
    channel = generator.ch_1
    channel.output_load = 50
    channel.shape, channel.frequency, channel.amplitude, channel.offset = "SQU", 1e3, 1.0, 0.0
    channel.output = True
    assert channel.output is True
    settled(bench)
    _, volts = bench.waveform(2e-3)
    close_to("peak to peak", float(np.ptp(volts)), 2.0 * SHARE, 0.2)
    close_to("high level", float(np.median(volts[volts > 0])), 1.0 * SHARE, 0.015)
    channel.output_load = "INF"
    close_to("amplitude shown", channel.amplitude, 2.0, 1e-3)
    same("errors", generator.check_errors(), [])


def pulse_width_and_edge(generator: Any, bench: OpenBench) -> None:
    """The width holds at 50 %, the edge from 10 % to 90 %."""
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.shape = "PULS"
    channel.pulse_period, channel.pulse_width, channel.pulse_transition = 1e-3, 100e-6, 500e-9
    channel.voltage_high, channel.voltage_low = 1.5, 0.0
    channel.output = True
    assert channel.output is True
    settled(bench)
    times, volts = bench.waveform(2e-3, 2_000_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, 1.5 * SHARE), 100e-6, 30e-9)
    close_to("rise time", rise_time(times, volts, 0.0, 1.5 * SHARE), 500e-9, 30e-9)
    same("errors", generator.check_errors(), [])


def burst_on_the_bus_trigger(generator: Any, bench: OpenBench) -> None:
    """``*TRG`` gives as many pulses as the burst has cycles, and no more."""
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.shape = "PULS"
    channel.pulse_period, channel.pulse_width = 20e-3, 10e-3
    channel.voltage_high, channel.voltage_low = 1.0, 0.0
    channel.burst_mode, channel.burst_ncycles = "TRIG", 3
    generator.trigger_source = "BUS"
    channel.burst_state = True
    channel.output = True
    assert channel.output is True
    settled(bench)
    times, volts = bench.waveform(3e-3)
    same("pulses before the trigger", len(crossings(times, volts, 0.5, True)), 0)
    generator.write("*TRG")
    assert channel.burst_state is True
    times, volts = bench.waveform(100e-3, 100_001)
    close_to("pulses behind the trigger", len(crossings(times, volts, 0.5, False)), 3, 0)


def arbitrary_waveform(generator: Any, bench: OpenBench) -> None:
    """Points that were uploaded come out in their order, at the sample rate."""
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.data_volatile_clear()
    channel.data_arb("steps", [-32767] * 20 + [32767] * 20 + [0] * 20 + [-32767] * 20, data_format="DAC")
    channel.arb_file = "steps"
    channel.shape, channel.arb_srate, channel.arb_filter = "ARB", 1e5, "OFF"
    channel.amplitude, channel.offset = 2.0, 1.0
    channel.output = True
    assert channel.output is True
    settled(bench)
    same("errors", generator.check_errors(), [])
    _times, volts = bench.waveform(0.8e-3, 80_001)
    shares = [float(np.mean(np.abs(volts - level * SHARE) < 0.05)) for level in (0.0, 1.0, 2.0)]
    for share, wanted in zip(shares, (0.5, 0.25, 0.25), strict=True):
        close_to("share of the time at a level", share, wanted, 0.02)


def unknown_header_is_an_error(generator: Any, bench: OpenBench) -> None:
    """-113 reaches the class."""
    generator.write("NONSENSE 1")
    same("error codes", [int(error[0]) for error in generator.check_errors()], [-113])


def levels_beyond_the_instrument_are_refused(generator: Any, bench: OpenBench) -> None:
    """An offset that does not suit the amplitude is an error, and the level stays within the output's 5 V."""
    channel = generator.ch_1
    channel.output_load = 50
    channel.amplitude, channel.offset = 2.0, 4.9
    same("error codes", [int(error[0]) for error in generator.check_errors()], [-222])
    close_to("amplitude", channel.amplitude, 2.0, 1e-6)
    close_to("offset, clipped", channel.offset, 4.0, 1e-6)


def small_amplitudes_keep_their_digits(generator: Any, bench: OpenBench) -> None:
    """An amplitude is set to more than six decimals of a volt: 12.3456789 mV."""
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.amplitude = 12.3456789e-3
    close_to("amplitude", channel.amplitude, 12.3456789e-3, 5e-8)


def waiting_for_a_trigger_waits(generator: Any, bench: OpenBench) -> None:
    """``wait_for_trigger`` returns when the burst is over."""
    channel = generator.ch_1
    channel.shape, channel.frequency = "SIN", 10.0
    channel.burst_mode, channel.burst_ncycles = "TRIG", 10
    generator.trigger_source = "BUS"
    channel.burst_state = True
    channel.output = True
    generator.write("*TRG")
    assert channel.burst_state is True
    begin = bench.held(lambda: bench.world.bench.clock.now)
    generator.wait_for_trigger()
    passed = bench.held(lambda: bench.world.bench.clock.now) - begin
    close_to("time until wait_for_trigger() returned", passed, 1.0, 0.1)   # the burst takes 1 s


SHARED = (
    identifies_itself, levels_into_an_open_load, level_algebra_into_the_declared_load, pulse_width_and_edge,
    burst_on_the_bus_trigger, arbitrary_waveform, unknown_header_is_an_error,
    levels_beyond_the_instrument_are_refused, small_amplitudes_keep_their_digits, waiting_for_a_trigger_waits,
)
PROVOKED = {unknown_header_is_an_error: (-113,), levels_beyond_the_instrument_are_refused: (-222,)}
for _case in SHARED:
    AGILENT_33500.provoking(*PROVOKED.get(_case, ()))(_case)
    AGILENT_33500_ON_33600A.provoking(*PROVOKED.get(_case, ()))(_case)


@AGILENT_33500_ON_33600A.case
def edges_of_the_33600a(generator: Any, bench: OpenBench) -> None:
    """An edge of 4 ns, which a 33600A has (2.9 ns at up to 4 Vpp)."""
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.shape = "PULS"
    channel.pulse_period, channel.pulse_width = 1e-6, 100e-9
    channel.pulse_transition = 4e-9
    close_to("edge", channel.pulse_transition, 4e-9, 1e-10)


# ----------------------------------------------------------------------------------------------- 33220A


@AGILENT_33220A.case
def sine_of_the_33220a_class(generator: Any, bench: OpenBench) -> None:
    """The commands of a 33220A are those of a 33500B's first channel: amplitude, offset and frequency come out."""
    generator.write("OUTP:LOAD INF")
    generator.shape, generator.frequency, generator.amplitude, generator.offset = "SIN", 10e3, 1.0, 0.25
    generator.output = True
    assert generator.output is True
    settled(bench)
    times, volts = bench.waveform(1e-3)
    close_to("peak to peak", float(np.ptp(volts)), 1.0 * SHARE, 0.015)
    close_to("mean", float(volts[:-1].mean()), 0.25 * SHARE, 0.02)
    close_to("frequency", frequency_of(times, volts, 0.25 * SHARE), 10e3, 10.0)


@AGILENT_33220A.provoking(-113)   # PULS:PER: Keysight's SDL file of the 33500B has the period in FUNCtion:PULSe only
def pulse_of_the_33220a_class(generator: Any, bench: OpenBench) -> None:
    """The width of a pulse holds at 50 %."""
    generator.write("OUTP:LOAD INF")
    generator.shape = "PULS"
    generator.pulse_period, generator.pulse_width = 1e-3, 50e-6
    generator.voltage_high, generator.voltage_low = 1.0, 0.0
    generator.output = True
    assert generator.output is True
    settled(bench)
    times, volts = bench.waveform(2e-3, 400_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, SHARE), 50e-6, 30e-9)


@AGILENT_33220A.provoking(-221, -221)   # one cycle, and then four, last longer than the burst period of 10 ms
def burst_of_the_33220a_class(generator: Any, bench: OpenBench) -> None:
    """A burst has the cycles that were set."""
    generator.write("OUTP:LOAD INF")
    generator.shape, generator.frequency = "SQU", 50.0
    generator.amplitude, generator.offset = 1.0, 0.0
    generator.burst_state, generator.burst_mode, generator.burst_ncycles = True, "TRIGGERED", 4
    generator.trigger_source = "BUS"
    generator.output = True
    assert generator.output is True
    settled(bench)
    generator.write("*TRG")
    assert generator.output is True
    times, volts = bench.waveform(120e-3, 120_001)
    close_to("cycles", len(crossings(times, volts, 0.2, False)), 4, 0)


@AGILENT_33220A.provoking(-113)
def unknown_header_for_the_33220a_class(generator: Any, bench: OpenBench) -> None:
    """-113 reaches the class."""
    generator.write("NONSENSE 1")
    same("error codes", [int(error[0]) for error in generator.check_errors()], [-113])


DRIVERS = (AGILENT_33500, AGILENT_33500_ON_33600A, AGILENT_33220A)
