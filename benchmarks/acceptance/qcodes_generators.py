"""QCoDeS' drivers of waveform generators, judged by the true waveform at the resistor."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, qcodes_opening, same
from benchmarks.acceptance.judging import crossings, frequency_of, width_at_half


def _keysight33522b() -> Any:
    from qcodes.instrument_drivers.Keysight import Keysight33522B

    return Keysight33522B


def _keysight33622a() -> Any:
    from qcodes.instrument_drivers.Keysight import Keysight33622A

    return Keysight33622A


KEYSIGHT_33522B = Driver("qcodes", "Keysight33522B", ("keysight_33522b",), qcodes_opening(_keysight33522b, silent=True))
KEYSIGHT_33622A = Driver("qcodes", "Keysight33622A", ("keysight_33622a",), qcodes_opening(_keysight33622a, silent=True))
#: share of the voltage that reaches the resistor from the 50 Ohm output
SHARE = RESISTANCE / (RESISTANCE + 50.0)


def settled(bench: OpenBench) -> None:
    """Let the relay close."""
    bench.waveform(0.02, 11)


def identifies_itself(generator: Any, bench: OpenBench) -> None:
    """The driver finds its model, and two channels."""
    same("channels", generator.num_channels, 2)


def sine_at_the_resistor(generator: Any, bench: OpenBench) -> None:
    """Amplitude, offset and frequency come out; the driver has no load setting, so they hold for 50 Ohm."""
    channel = generator.ch1
    channel.function_type("SIN")
    channel.frequency(10e3)
    channel.amplitude(1.0)
    channel.offset(0.25)
    channel.output("ON")
    same("output", channel.output(), "ON")
    settled(bench)
    times, volts = bench.waveform(1e-3)
    close_to("peak to peak", float(np.ptp(volts)), 2.0 * SHARE, 0.025)
    close_to("mean", float(volts[:-1].mean()), 0.5 * SHARE, 0.03)
    close_to("frequency", frequency_of(times, volts, 0.5 * SHARE), 10e3, 10.0)
    channel.output("OFF")
    same("output", channel.output(), "OFF")
    same("relay", bench.outputs_on(), [])
    same("errors", bench.errors(), [])


def inverted_output(generator: Any, bench: OpenBench) -> None:
    """Polarity INV inverts the waveform about its offset."""
    channel = generator.ch1
    channel.function_type("RAMP")
    channel.ramp_symmetry(100)
    channel.frequency(1e3)
    channel.amplitude(1.0)
    channel.output_polarity("INV")
    channel.output("ON")
    same("output", channel.output(), "ON")
    settled(bench)
    times, volts = bench.waveform(3e-3)
    falling = float(np.mean(np.diff(volts) < 0))
    assert falling > 0.9, f"an inverted rising ramp falls for {falling:.0%} of the time"
    close_to("frequency", frequency_of(times, volts, 0.0), 1e3, 1.0)
    close_to("peak to peak", float(np.ptp(volts)), 2.0 * SHARE, 0.04)
    close_to("mean", float(volts[:-1].mean()), 0.0, 0.03)


def burst_of_pulses(generator: Any, bench: OpenBench) -> None:
    """``force_trigger`` gives the cycles of the burst; the width holds at 50 %."""
    channel = generator.ch1
    channel.function_type("PULS")
    channel.frequency(50)
    channel.pulse_width(5e-3)
    channel.amplitude(1.0)
    channel.offset(0.5)
    channel.burst_mode("N Cycle")
    channel.burst_ncycles(2)
    channel.trigger_source("BUS")
    channel.burst_state("ON")
    channel.output("ON")
    same("output", channel.output(), "ON")
    settled(bench)
    _, volts = bench.waveform(40e-3)
    close_to("voltage before the trigger", float(np.ptp(volts)), 0.0, 0.01)
    generator.force_trigger()
    same("burst", channel.burst_state(), "ON")
    times, volts = bench.waveform(60e-3, 600_001)
    close_to("pulses", len(crossings(times, volts, 1.0, False)), 2, 0)
    close_to("width of the second", width_at_half(times[100_000:], volts[100_000:], 0.0, 2.0 * SHARE), 5e-3, 2e-6)
    same("errors", bench.errors(), [])


def error_queue_reaches_the_driver(generator: Any, bench: OpenBench) -> None:
    """-113 reaches the driver's own reading of the queue."""
    generator.write("NONSENSE 1")
    same("code", int(generator.error()[0]), -113)
    same("code", int(generator.error()[0]), 0)


def snapshot_reads_all_parameters(generator: Any, bench: OpenBench) -> None:
    """Every parameter is asked for and parsed, without an error in the instrument's queue."""
    generator.snapshot(update=True)
    same("errors", bench.errors(), [])


def frequency_sweep_mode(generator: Any, bench: OpenBench) -> None:
    """The frequency modes that the driver offers are those of the instrument."""
    for mode in ("CW", "LIST", "SWEEP", "FIXED"):
        generator.ch1.frequency_mode(mode)
        bench.carried_out()
        same("mode", bench.ask("SOUR1:FREQ:MODE?"), {"SWEEP": "SWE", "FIXED": "CW"}.get(mode, mode))   # FIXed is CW
    same("errors", bench.errors(), [])


for _driver in (KEYSIGHT_33522B, KEYSIGHT_33622A):
    for _case in (identifies_itself, sine_at_the_resistor, inverted_output, burst_of_pulses,
                  snapshot_reads_all_parameters, frequency_sweep_mode):
        _driver.case(_case)
    _driver.provoking(-113)(error_queue_reaches_the_driver)

DRIVERS = (KEYSIGHT_33522B, KEYSIGHT_33622A)
