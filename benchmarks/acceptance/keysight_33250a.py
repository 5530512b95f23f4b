"""PyMeasure's and QCoDeS' classes of the 33250A, judged by the true waveform at the resistor."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, qcodes_opening, same
from benchmarks.acceptance.judging import crossings, frequency_of, width_at_half
from benchmarks.acceptance.pymeasure_generators import SHARE, settled


def _of_pymeasure() -> Any:
    from pymeasure.instruments.keysight import Keysight33250A

    return Keysight33250A


def _of_qcodes() -> Any:
    from qcodes.instrument_drivers.Keysight import Keysight33250A

    return Keysight33250A


PYMEASURE = Driver("pymeasure", "Keysight33250A", ("keysight_33250a",), pymeasure_opening(_of_pymeasure))
QCODES = Driver("qcodes", "Keysight33250A", ("keysight_33250a",), qcodes_opening(_of_qcodes))
DRIVERS = (PYMEASURE, QCODES)


@PYMEASURE.case
def pulse_of_the_33250a_class(generator: Any, bench: OpenBench) -> None:
    """The width of a pulse holds at 50 %, and its levels are those of an open load (1 % + 1 mV)."""
    generator.output_load = "INF"
    generator.pulse_period, generator.pulse_width, generator.pulse_transition = 1e-3, 50e-6, 100e-9
    generator.shape = "PULS"
    generator.voltage_high, generator.voltage_low = 1.0, 0.0
    generator.output_enabled = True
    same("errors", generator.check_errors(), [])
    settled(bench)
    times, volts = bench.waveform(2e-3, 400_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, SHARE), 50e-6, 30e-9)
    close_to("peak to peak", float(np.ptp(volts)), SHARE, 0.012)
    same("errors", generator.check_errors(), [])


@PYMEASURE.case
def burst_of_the_33250a_class(generator: Any, bench: OpenBench) -> None:
    """A burst has the cycles that were set."""
    generator.output_load = "INF"
    generator.shape, generator.frequency, generator.amplitude, generator.offset = "SQU", 50.0, 1.0, 0.0
    generator.trigger_source, generator.burst_mode, generator.burst_ncycles = "BUS", "TRIG", 4
    generator.burst_enabled = True
    generator.output_enabled = True
    same("errors", generator.check_errors(), [])
    settled(bench)
    generator.write("*TRG")
    same("identity", "33250A" in generator.ask("*IDN?"), True)   # by a wire, a write returns before it is carried out
    times, volts = bench.waveform(120e-3, 120_001)
    close_to("cycles", len(crossings(times, volts, 0.2, False)), 4, 0)


@QCODES.case
def sine_of_the_33250a_driver(generator: Any, bench: OpenBench) -> None:
    """A sine wave has the amplitude and the offset that were set, volts into 50 Ohm: twice that from the source."""
    channel = generator.ch1
    channel.function_type("SIN")
    channel.frequency(10e3)
    channel.amplitude(1.0)
    channel.offset(0.25)
    channel.output("ON")
    same("output", channel.output(), "ON")   # by a wire, a write returns before it is carried out
    settled(bench)
    times, volts = bench.waveform(1e-3)
    close_to("frequency", frequency_of(times, volts, 0.5 * SHARE), 10e3, 10.0)
    close_to("peak to peak", float(np.ptp(volts)), 2.0 * SHARE, 0.025)
    close_to("mean", float(volts[:-1].mean()), 0.5 * SHARE, 0.025)
