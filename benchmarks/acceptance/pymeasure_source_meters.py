"""PyMeasure's classes of source meters."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, same
from benchmarks.acceptance.judging import meter_accuracy


def _keithley2450() -> Any:
    from pymeasure.instruments.keithley import Keithley2450

    return Keithley2450


def _keithley2400() -> Any:
    from pymeasure.instruments.keithley import Keithley2400

    return Keithley2400


KEITHLEY_2450 = Driver("pymeasure", "Keithley2450", ("keithley_2450",), pymeasure_opening(_keithley2450))
KEITHLEY_2400 = Driver(
    "pymeasure", "Keithley2400", ("keithley_2400", "keithley_2410"), pymeasure_opening(_keithley2400))


def model_of(bench: OpenBench) -> str:
    """Return the name of the virtual instrument under test."""
    from benchmarks.acceptance.benches import TESTED

    return bench.world.file.instruments[TESTED].model


# ------------------------------------------------------------------------------------------------- 2450


@KEITHLEY_2450.case
def identifies_itself(meter: Any, bench: OpenBench) -> None:
    """The class reads the maker and the model."""
    assert "KEITHLEY INSTRUMENTS,MODEL 2450" in meter.id.upper(), meter.id


@KEITHLEY_2450.case
def current_is_voltage_over_resistance(meter: Any, bench: OpenBench) -> None:
    """I = V/R within the accuracy of source and measurement."""
    meter.reset()
    meter.apply_voltage(voltage_range=2, compliance_current=1e-3)
    meter.measure_current(nplc=1, current=1e-3, auto_range=False)
    meter.enable_source()
    for level in np.linspace(-1.5, 1.5, 7):
        meter.source_voltage = float(level)
        bound = meter_accuracy(model_of(bench)).current_bound(level, RESISTANCE)
        close_to(f"current at {level:g} V", meter.current, level / RESISTANCE, bound)
        close_to("true voltage", bench.voltage(), level, 0.02e-2 * abs(level) + 400e-6)
    same("errors", meter.check_errors(), [])


@KEITHLEY_2450.case
def compliance_is_reached_and_flagged(meter: Any, bench: OpenBench) -> None:
    """The current stops at the limit, and the instrument says so."""
    meter.apply_voltage(voltage_range=20, compliance_current=1e-4)
    meter.measure_current(current=1e-3, auto_range=False)
    meter.enable_source()
    meter.source_voltage = 0.5
    same("tripped below the limit", bench.ask(":SOUR:VOLT:ILIM:TRIP?"), "0")
    meter.source_voltage = 5.0
    close_to("current at the limit", meter.current, 1e-4, 5e-7)
    same("tripped at the limit", bench.ask(":SOUR:VOLT:ILIM:TRIP?"), "1")
    close_to("true voltage", bench.voltage(), 1.0, 5e-3)


@KEITHLEY_2450.case
def current_source_and_resistance(meter: Any, bench: OpenBench) -> None:
    """A sourced current makes the voltage that Ohm's law says; the resistance function gives the resistor."""
    meter.apply_current(1e-3, 5)
    meter.measure_voltage()
    meter.enable_source()
    meter.source_current = 2e-4
    close_to("voltage", meter.voltage, 2e-4 * RESISTANCE, 3e-3)
    meter.measure_resistance()
    close_to("resistance", meter.resistance, RESISTANCE, 30.0)


@KEITHLEY_2450.case
def shutdown_switches_the_output_off(meter: Any, bench: OpenBench) -> None:
    """The relay is open behind shutdown."""
    meter.apply_voltage(voltage_range=2, compliance_current=1e-3)
    meter.source_voltage = 1.0
    meter.enable_source()
    assert meter.source_enabled
    same("relay", bench.outputs_on(), [""])
    meter.shutdown()
    assert not meter.source_enabled
    same("relay", bench.outputs_on(), [])


@KEITHLEY_2450.provoking(-113)
def unknown_header_is_an_error(meter: Any, bench: OpenBench) -> None:
    """-113 reaches the class."""
    meter.write(":NONSENSE 1")
    codes = [int(error[0]) for error in meter.check_errors()]
    same("error codes", codes, [-113])


@KEITHLEY_2450.case
def buffer_of_the_class_holds_readings(meter: Any, bench: OpenBench) -> None:
    """``config_buffer``, ``start_buffer`` and ``buffer_data``, as the class documents them, raise no error."""
    meter.apply_voltage(voltage_range=2, compliance_current=1e-3)
    meter.measure_current(nplc=1, current=1e-3, auto_range=False)
    meter.source_voltage = 1.0
    meter.enable_source()
    meter.config_buffer(points=5)
    meter.start_buffer()
    meter.wait_for_buffer(timeout=0.5, interval=0.05)
    values = meter.buffer_data
    close_to("mean of the buffer", float(np.mean(values)), 1.0 / RESISTANCE, 2e-7)


@KEITHLEY_2450.case
def integration_time_is_limited_by_the_class(meter: Any, bench: OpenBench) -> None:
    """``current_nplc`` "takes values from 0.01 to 10", as the class says; the instrument keeps what it had."""
    meter.current_nplc = 1
    meter.current_nplc = 50
    same("error codes", [int(error[0]) for error in meter.check_errors()], [])


# ------------------------------------------------------------------------------------------------- 2400


@KEITHLEY_2400.case
def identifies_as_2400(meter: Any, bench: OpenBench) -> None:
    """The class reads the maker and the model."""
    assert "KEITHLEY INSTRUMENTS INC.,MODEL 2400," in meter.id.upper(), meter.id


@KEITHLEY_2400.case
def ohms_law_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """I = V/R within the accuracy of source and measurement."""
    meter.reset()
    meter.source_mode = "voltage"
    meter.source_voltage_range = 2
    meter.compliance_current = 1e-3
    meter.current_range = 1e-3
    meter.current_nplc = 1
    meter.source_enabled = True
    for level in np.linspace(-1.5, 1.5, 7):
        meter.source_voltage = float(level)
        found = meter.measure_all()
        bound = meter_accuracy(model_of(bench)).current_bound(level, RESISTANCE)
        close_to(f"current at {level:g} V", found["current"], level / RESISTANCE, bound)
        close_to("true voltage", bench.voltage(), level, 0.02e-2 * abs(level) + 700e-6)
    meter.source_enabled = False
    assert not meter.source_enabled
    same("relay", bench.outputs_on(), [])
    same("errors", meter.check_errors(), [])


@KEITHLEY_2400.case
def compliance_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """The current stops at the limit, and bit 3 of the status word says so (2400 manual, p. 18-47)."""
    meter.reset()
    meter.source_mode = "voltage"
    meter.source_voltage_range = 20
    meter.compliance_current = 1e-4
    meter.source_voltage = 0.5
    meter.source_enabled = True
    below = meter.measure_all()
    meter.source_voltage = 5.0
    at = meter.measure_all()
    close_to("current at the limit", at["current"], 1e-4, 1e-6)
    same("compliance bit below and at the limit", [int(found["status"]) >> 3 & 1 for found in (below, at)], [0, 1])
    close_to("true voltage", bench.voltage(), 1.0, 1e-2)


@KEITHLEY_2400.provoking(-113)
def unknown_header_on_the_2400(meter: Any, bench: OpenBench) -> None:
    """-113 reaches the class."""
    meter.write(":NONSENSE 1")
    codes = [int(error[0]) for error in meter.check_errors()]
    same("error codes", codes, [-113])


DRIVERS = (KEITHLEY_2450, KEITHLEY_2400)
