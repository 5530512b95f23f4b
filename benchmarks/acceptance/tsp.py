"""Other authors' drivers of the 2600B series, which speaks TSP: PyMeasure, QCoDeS and the package keithley2600."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, TESTED, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, qcodes_opening, same
from benchmarks.acceptance.judging import meter_accuracy

TWINS = ("keithley_2636b", "keithley_2612b", "keithley_2602b")
LEVELS = np.linspace(-1.0, 1.0, 5)


def bound_at(bench: OpenBench, level: float) -> float:
    """Return the largest error of a current reading at a level [A]."""
    return meter_accuracy(bench.world.file.instruments[TESTED].model).current_bound(level, RESISTANCE)


def errors_of(bench: OpenBench) -> list[int]:
    """Empty the error queue by its TSP commands; return the codes."""
    codes = []
    while len(codes) < 50 and int(float(bench.ask("print(errorqueue.count)"))):
        codes.append(int(float(bench.ask("print(errorqueue.next())").split("\t")[0])))
    return codes


# -------------------------------------------------------------------------------------------- PyMeasure


def _pymeasure2600() -> Any:
    from pymeasure.instruments.keithley import Keithley2600

    return Keithley2600


PYMEASURE = Driver("pymeasure", "Keithley2600", TWINS, pymeasure_opening(_pymeasure2600))


@PYMEASURE.case
def ohms_law_of_pymeasure(meter: Any, bench: OpenBench) -> None:
    """I = V/R at each level."""
    channel = meter.ChA
    channel.apply_voltage(voltage_range=2, compliance_current=1e-3)
    channel.measure_current(nplc=1, current=1e-3, auto_range=False)
    channel.source_output = "ON"
    for level in LEVELS:
        channel.source_voltage = float(level)
        close_to(f"current at {level:g} V", channel.current, level / RESISTANCE, bound_at(bench, level))
        close_to("true voltage", bench.voltage(), level, 2e-3)
    channel.source_output = "OFF"
    same("output", channel.source_output, "OFF")
    same("outputs that are on", bench.outputs_on(), [])


@PYMEASURE.case
def compliance_of_pymeasure(meter: Any, bench: OpenBench) -> None:
    """The current stops at the limit, and ``source.compliance`` says so."""
    channel = meter.ChA
    channel.apply_voltage(voltage_range=20, compliance_current=1e-4)
    channel.measure_current(nplc=1, current=1e-3, auto_range=False)
    channel.source_output = "ON"
    channel.source_voltage = 5.0
    close_to("current", channel.current, 1e-4, 2e-6)
    same("compliance", bench.ask("print(smua.source.compliance)"), "true")


@PYMEASURE.case
def small_compliance_of_pymeasure(meter: Any, bench: OpenBench) -> None:
    """A limit of 100 nA is set."""
    meter.ChA.compliance_current = 1e-7
    close_to("limit", meter.ChA.compliance_current, 1e-7, 1e-9)


@PYMEASURE.case
def integration_time_of_pymeasure(meter: Any, bench: OpenBench) -> None:
    """``measure_nplc`` takes a value of its own range."""
    meter.ChA.measure_nplc = 0.1
    close_to("NPLC", meter.ChA.measure_nplc, 0.1, 1e-9)


@PYMEASURE.provoking(-286)
def error_queue_of_pymeasure(meter: Any, bench: OpenBench) -> None:
    """A wrong statement is an error that the class reads."""
    meter.write("nonsense.words = 1")
    code, _ = meter.next_error
    same("code", int(float(code)), -286)


# ----------------------------------------------------------------------------------------------- QCoDeS


def _qcodes2636b() -> Any:
    from qcodes.instrument_drivers.Keithley import Keithley2636B

    return Keithley2636B


QCODES = Driver("qcodes", "Keithley2636B", ("keithley_2636b",), qcodes_opening(_qcodes2636b))


def sources_voltage(channel: Any) -> None:
    """Set a channel of QCoDeS' driver up."""
    channel.mode("voltage")
    channel.sourcerange_v(2)
    channel.measurerange_i(1e-3)
    channel.limiti(1e-3)
    channel.nplc(1)


@QCODES.case
def ohms_law_of_qcodes(meter: Any, bench: OpenBench) -> None:
    """I = V/R at each level, on both channels."""
    for channel, node in ((meter.smua, "n0"), (meter.smub, "n1")):
        sources_voltage(channel)
        channel.output("on")
        for level in LEVELS:
            channel.volt(float(level))
            close_to(f"current at {level:g} V", channel.curr(), level / RESISTANCE, bound_at(bench, level))
            close_to("true voltage", bench.voltage(node), level, 2e-3)
        channel.output("off")
        assert not channel.output()
    same("outputs that are on", bench.outputs_on(), [])
    same("errors", errors_of(bench), [])


@QCODES.case
def status_of_a_limited_reading(meter: Any, bench: OpenBench) -> None:
    """The driver's ``measurement_status`` tells the current limit from a normal reading."""
    channel = meter.smua
    channel.mode("voltage")
    channel.sourcerange_v(20)
    channel.measurerange_i(1e-3)
    channel.limiti(1e-4)
    channel.output("on")
    channel.volt(0.5)
    channel.curr()
    same("status below the limit", channel.curr.measurement_status.name, "NORMAL")
    channel.volt(5.0)
    close_to("current", channel.curr(), 1e-4, 2e-6)
    assert "current" in str(channel.curr.measurement_status.value).lower(), channel.curr.measurement_status


@QCODES.case
def fast_sweep_in_the_instrument(meter: Any, bench: OpenBench) -> None:
    """The driver's Lua script sweeps and sends binary readings: V/R at each level, in order."""
    from qcodes.dataset import LinSweep

    channel = meter.smua
    sources_voltage(channel)
    channel.output("on")
    channel.setup_fastsweep(LinSweep(channel.volt, -1.0, 1.0, 5))
    found = channel.fastsweep.get()
    for level, current in zip(LEVELS, np.ravel(found), strict=True):
        close_to(f"current at {level:g} V", float(current), level / RESISTANCE, bound_at(bench, level) + 1e-7)
    same("errors", errors_of(bench), [])


@QCODES.case
def time_trace(meter: Any, bench: OpenBench) -> None:
    """Readings at a constant level are all V/R."""
    channel = meter.smua
    sources_voltage(channel)
    channel.nplc(0.05)
    channel.volt(1.0)
    channel.output("on")
    channel.timetrace_npts(20)
    channel.timetrace_dt(2e-3)
    channel.time_axis.get()
    found = np.ravel(channel.timetrace.get())
    same("readings", len(found), 20)
    close_to("mean", float(found.mean()), 1.0 / RESISTANCE, 5e-7)


@QCODES.case
def snapshot_of_the_2636b(meter: Any, bench: OpenBench) -> None:
    """Every parameter is asked for and parsed, without an error in the instrument's queue."""
    meter.snapshot(update=True)
    same("errors", errors_of(bench), [])


# ------------------------------------------------------------------------------------------ keithley2600


@contextmanager
def _package_opening(bench: OpenBench) -> Iterator[Any]:
    from keithley2600.keithley_driver import Keithley2600  # not the factory, which keeps one object for an address

    meter = Keithley2600(bench.resource, bench.library, raise_keithley_errors=True, timeout=20_000, **bench.options())
    try:
        assert meter.connected or meter.connect(**bench.options()), "not connected"
        yield meter
    finally:
        meter.disconnect()


PACKAGE = Driver("keithley2600", "Keithley2600", TWINS, _package_opening)


@PACKAGE.case
def ohms_law_of_the_package(meter: Any, bench: OpenBench) -> None:
    """I = V/R by attributes with the names of the instrument."""
    meter.smua.source.func = meter.smua.OUTPUT_DCVOLTS
    meter.smua.source.rangev = 2
    meter.smua.source.limiti = 1e-3
    meter.smua.measure.rangei = 1e-3
    meter.smua.measure.nplc = 1
    for level in LEVELS:
        meter.apply_voltage(meter.smua, float(level))
        current = meter.measure_current(meter.smua)
        close_to(f"current at {level:g} V", current, level / RESISTANCE, bound_at(bench, level))
        close_to("true voltage", bench.voltage(), level, 2e-3)
    meter.smua.source.output = meter.smua.OUTPUT_OFF
    same("output", int(meter.smua.source.output), 0)
    same("outputs that are on", bench.outputs_on(), [])


@PACKAGE.case
def sweep_of_the_package(meter: Any, bench: OpenBench) -> None:
    """``voltage_sweep_single_smu`` returns V/R, pulsed and not."""
    voltages, currents = meter.voltage_sweep_single_smu(
        meter.smua, LEVELS, t_int=0.01, delay=-1, pulsed=False)
    for level, volts, amperes in zip(LEVELS, voltages, currents, strict=True):
        close_to(f"voltage at {level:g} V", volts, level, 3e-3)
        close_to(f"current at {level:g} V", amperes, level / RESISTANCE, 1e-6)


@PACKAGE.case
def buffer_of_the_package(meter: Any, bench: OpenBench) -> None:
    """Readings in a reading buffer are read back."""
    meter.apply_voltage(meter.smua, 1.0)
    meter.smua.nvbuffer1.clear()
    meter.smua.measure.count = 5
    meter.smua.measure.i(meter.smua.nvbuffer1)
    found = meter.read_buffer(meter.smua.nvbuffer1)
    same("readings", len(found), 5)
    close_to("mean", float(np.mean(found)), 1.0 / RESISTANCE, 1e-6)


@PACKAGE.provoking(1101)
def errors_of_the_package(meter: Any, bench: OpenBench) -> None:
    """A value beyond the instrument's range raises the package's error."""
    from keithley2600.keithley_driver import KeithleyError

    try:
        meter.smua.source.levelv = 1e6
        meter.smua.source.output = meter.smua.OUTPUT_OFF
    except KeithleyError as error:
        assert "too big" in str(error).lower(), error
    else:
        raise AssertionError("1 MV was taken without an error")


DRIVERS = (PYMEASURE, QCODES, PACKAGE)
