"""QCoDeS' drivers of source meters."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, TESTED, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, qcodes_opening, same
from benchmarks.acceptance.judging import meter_accuracy


def _keithley2450() -> Any:
    from qcodes.instrument_drivers.Keithley import Keithley2450

    return Keithley2450


def _keithley2400() -> Any:
    from qcodes.instrument_drivers.Keithley import Keithley2400

    return Keithley2400


KEITHLEY_2450 = Driver("qcodes", "Keithley2450", ("keithley_2450",), qcodes_opening(_keithley2450))
KEITHLEY_2400 = Driver("qcodes", "Keithley2400", ("keithley_2400", "keithley_2410"), qcodes_opening(_keithley2400))
LEVELS = np.linspace(-1.0, 1.0, 5)


def bounds(bench: OpenBench) -> Any:
    """Return the largest error of a current reading at each of :data:`LEVELS` [A]."""
    accuracy = meter_accuracy(bench.world.file.instruments[TESTED].model)
    return np.array([accuracy.current_bound(level, RESISTANCE) for level in LEVELS])


def within(what: str, found: Any, wanted: Any, bound: Any) -> None:
    """Raise AssertionError unless all of ``found`` are within ``bound`` of ``wanted``."""
    for number, (one, its_wanted, its_bound) in enumerate(zip(found, wanted, bound, strict=True)):
        close_to(f"{what}, point {number}", float(one), float(its_wanted), float(its_bound))


def sources_voltage(meter: Any) -> None:
    """Set the driver up: 2 V range, 1 mA limit and range."""
    meter.reset()
    meter.source_function("voltage")
    meter.sense_function("current")
    meter.source.range(2)
    meter.source.limit(1e-3)
    meter.sense.range(1e-3)
    meter.sense.nplc(1)


@KEITHLEY_2450.case
def identifies_itself(meter: Any, bench: OpenBench) -> None:
    """The driver reads maker and model."""
    found = meter.get_idn()
    assert "2450" in found["model"], found


@KEITHLEY_2450.case
def levels_one_by_one(meter: Any, bench: OpenBench) -> None:
    """I = V/R at each level."""
    sources_voltage(meter)
    found = []
    with meter.output_enabled.set_to(True):
        for level in LEVELS:
            meter.source.voltage(level)
            found.append(meter.sense.current())
    within("current", found, LEVELS / RESISTANCE, bounds(bench))
    same("errors", bench.errors(), [])
    same("relay", bench.outputs_on(), [])


@KEITHLEY_2450.case
def sweep_in_the_instrument(meter: Any, bench: OpenBench) -> None:
    """The driver's sweep returns V/R at each level, in order."""
    sources_voltage(meter)
    with meter.output_enabled.set_to(True):
        meter.source.sweep_setup(-1.0, 1.0, 5, range_mode="FIX")
        found = meter.sense.sweep()
    within("current", found, LEVELS / RESISTANCE, bounds(bench))
    same("errors", bench.errors(), [])


@KEITHLEY_2450.case
def limit_is_reached_and_flagged(meter: Any, bench: OpenBench) -> None:
    """The current stops at the limit; ``limit_tripped`` says so."""
    meter.reset()
    meter.source_function("voltage")
    meter.sense_function("current")
    meter.source.range(20)
    meter.source.limit(1e-4)
    meter.sense.range(1e-3)
    with meter.output_enabled.set_to(True):
        meter.source.voltage(0.5)
        meter.sense.current()
        same("tripped below the limit", bool(meter.source.limit_tripped()), False)
        meter.source.voltage(5.0)
        close_to("current", meter.sense.current(), 1e-4, 5e-7)
        same("tripped at the limit", bool(meter.source.limit_tripped()), True)


@KEITHLEY_2450.case
def voltage_of_a_current(meter: Any, bench: OpenBench) -> None:
    """A sourced current makes the voltage that Ohm's law says."""
    meter.reset()
    meter.source_function("current")
    meter.sense_function("voltage")
    meter.source.range(1e-3)
    meter.source.limit(5)
    meter.sense.range(20)
    with meter.output_enabled.set_to(True):
        meter.source.current(2e-4)
        close_to("voltage", meter.sense.voltage(), 2.0, 5e-3)


@KEITHLEY_2450.case
def buffer_of_the_driver(meter: Any, bench: OpenBench) -> None:
    """A buffer that the driver makes holds what was measured."""
    sources_voltage(meter)
    with meter.buffer("acceptance", size=20) as buffer, meter.output_enabled.set_to(True):
        for level in LEVELS:
            meter.source.voltage(level)
            meter.sense.current()
        same("size", buffer.size(), 20)
        same("readings", buffer.number_of_readings(), len(LEVELS))
        within("current", [float(one) for one in buffer.get_data(1, len(LEVELS))], LEVELS / RESISTANCE, bounds(bench))
    same("errors", bench.errors(), [])


@KEITHLEY_2450.case
def snapshot_reads_all_parameters(meter: Any, bench: OpenBench) -> None:
    """Every parameter is asked for and parsed, without an error in the instrument's queue."""
    meter.snapshot(update=True)
    same("errors", bench.errors(), [])


# ------------------------------------------------------------------------------------------------- 2400


@KEITHLEY_2400.case
def currents_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """I = V/R at each level."""
    meter.reset()
    meter.mode("VOLT")
    meter.sense("CURR")
    meter.compliancei(1e-3)
    meter.rangev(2)
    meter.rangei(1e-3)
    meter.nplci(1)
    meter.output(1)
    found = []
    for level in LEVELS:
        meter.volt(float(level))
        found.append(meter.curr())
    meter.output(0)
    within("current", found, LEVELS / RESISTANCE, bounds(bench))
    same("errors", bench.errors(), [])
    same("relay", bench.outputs_on(), [])


@KEITHLEY_2400.case
def compliance_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """The current stops at the compliance."""
    meter.reset()
    meter.mode("VOLT")
    meter.sense("CURR")
    meter.compliancei(1e-4)
    meter.output(1)
    meter.volt(5.0)
    close_to("current", meter.curr(), 1e-4, 1e-6)
    same("tripped", bench.ask(":SENS:CURR:PROT:TRIP?"), "1")
    meter.output(0)


@KEITHLEY_2400.case
def small_compliance_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """A compliance of 1.4 uA is what was asked for."""
    meter.reset()
    meter.mode("VOLT")
    meter.sense("CURR")
    meter.compliancei(1.4e-6)
    close_to("compliance", meter.compliancei(), 1.4e-6, 1e-9)


@KEITHLEY_2400.case
def snapshot_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """Every parameter is asked for and parsed, without an error in the instrument's queue."""
    meter.output(1)
    meter.snapshot(update=True)
    meter.output(0)
    same("errors", bench.errors(), [])


DRIVERS = (KEITHLEY_2450, KEITHLEY_2400)
