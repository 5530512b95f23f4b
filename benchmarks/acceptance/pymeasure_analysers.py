"""PyMeasure's class of the B1500A."""

from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, same
from benchmarks.acceptance.judging import meter_accuracy

ACCURACY = meter_accuracy("keysight_b1500a")


def _b1500() -> Any:
    from pymeasure.instruments.agilent import AgilentB1500

    return AgilentB1500


@contextmanager
def _opening(bench: OpenBench) -> Any:
    with pymeasure_opening(_b1500)(bench) as analyser:
        analyser.adapter.connection.timeout = 100_000
        analyser.reset()
        analyser.initialize_all_smus()
        analyser.data_format(21, mode=1)
        yield analyser


#: a B1500A has no socket of its own
AGILENT_B1500 = Driver(
    "pymeasure", "AgilentB1500", ("keysight_b1500a",), _opening, transports=("in process", "hislip"))
DRIVERS = (AGILENT_B1500,)


def _source(analyser: Any, volts: float = 1.0) -> Any:
    smu = analyser.smu1
    smu.enable()
    smu.adc_type = "HSADC"
    smu.meas_range_current = "1 mA range fixed"
    smu.force("Voltage", "2 V", volts, 1e-3)
    return smu


@AGILENT_B1500.case
def identifies_itself(analyser: Any, bench: OpenBench) -> None:
    """The class reads maker, model and modules."""
    assert "B1500A" in analyser.id, analyser.id
    same("modules", analyser.query_modules(), {1: "HRSMU", 2: "HRSMU", 3: "MPSMU", 4: "MPSMU"})


@AGILENT_B1500.case
def levels_reach_the_terminals(analyser: Any, bench: OpenBench) -> None:
    """The forced voltage is at the resistor, and the state of the channel says so."""
    smu = _source(analyser, 1.5)
    close_to("true voltage", bench.voltage(), 1.5, 0.03e-2 * 1.5 + 1e-3)
    same("source", smu.status["SMU1"]["Source Type"], "Constant Voltage")
    same("output", smu.status["SMU1"]["Voltage Output (V)"], "1.5000E+00")
    smu.disable()
    assert analyser.check_idle()   # the relay has opened
    same("relay", bench.outputs_on(), [])


@AGILENT_B1500.case
def staircase_sweep_is_voltage_over_resistance(analyser: Any, bench: OpenBench) -> None:
    """A sweep up and down, read channel by channel while it runs."""
    smu = _source(analyser, 0.0)
    analyser.adc_averaging(-1)
    analyser.time_stamp = True
    analyser.meas_mode("STAIRCASE_SWEEP", smu)
    analyser.sweep_timing(0, 0.005, step_delay=0.01)
    analyser.sweep_auto_abort(False, post="START")
    smu.staircase_sweep_source("Voltage", "LINEAR_DOUBLE", "Auto Ranging", -1, 1, 5, 1e-3)
    analyser.check_errors()
    analyser.clear_timer()
    analyser.send_trigger()
    times, levels = [], []
    for expected in (-1, -0.5, 0, 0.5, 1, 1, 0.5, 0, -0.5, -1):
        moment, current, level = analyser.read_channels(3)
        close_to("level", level[3], expected, 1e-6)
        close_to(f"current at {expected:g} V", current[3], expected / RESISTANCE,
                 ACCURACY.current_bound(expected, RESISTANCE))
        times.append(moment[3])
        levels.append(level[3])
    assert np.all(np.diff(times) > 0.02), times


@AGILENT_B1500.case
def sampling_settings(analyser: Any, bench: OpenBench) -> None:
    """What is set for a sampling measurement is what the instrument answers."""
    smu = _source(analyser)
    analyser.meas_mode("SAMPLING", smu)
    smu.sampling_source("Voltage", "Auto Ranging", 0, 1, 1e-3)
    analyser.sampling_timing(0.1, 0.01, 20)
    found = analyser.query_sampling_settings()
    same("number", found["Number of Samples"], "20")
    close_to("interval", float(found["Sampling Interval (s)"]), 0.01, 1e-9)
    same("bias", found["SMU1"]["Bias Voltage (V)"], "1.0000E+00")


@AGILENT_B1500.case
def settings_of_the_mainframe(analyser: Any, bench: OpenBench) -> None:
    """Switches of the class are those of the instrument."""
    for name in ("time_stamp", "adc_auto_zero", "parallel_meas", "auto_calibration"):
        for state in (True, False):
            setattr(analyser, name, state)
            same(name, getattr(analyser, name), state)
    smu = analyser.smu1
    smu.filter = True
    same("filter", (smu.filter, analyser.smu2.filter), (True, False))
    smu.series_resistor = True
    same("series resistor", smu.series_resistor, True)


@AGILENT_B1500.provoking(200)
def errors_are_raised(analyser: Any, bench: OpenBench) -> None:
    """A level of an open switch is error 200."""
    try:
        analyser.smu1.force("Voltage", "Auto Ranging", 1.0)
    except OSError as error:
        assert "200" in str(error), error
    else:
        raise AssertionError("no error")


@AGILENT_B1500.case
def clears_the_errors(analyser: Any, bench: OpenBench) -> None:
    """``clear`` leaves no error behind."""
    analyser.clear()
    analyser.check_errors()


@AGILENT_B1500.case
def range_of_a_channel_is_read_back(analyser: Any, bench: OpenBench) -> None:
    """The measuring range that was set is the one that is read."""
    smu = analyser.smu1
    smu.meas_range_current = "1 mA range fixed"
    same("range", smu.meas_range_current.name, "1 mA range fixed")


@AGILENT_B1500.case
def measurement_mode_is_read_back(analyser: Any, bench: OpenBench) -> None:
    """The measurement mode that was set is the one that is read."""
    analyser.meas_mode("SPOT", analyser.smu1)
    same("mode", analyser.query_meas_mode()["Measurement Mode"], "Spot")


@AGILENT_B1500.case
def sampling_mode_is_read_back(analyser: Any, bench: OpenBench) -> None:
    """The sampling mode that was set is the one that is read."""
    analyser.sampling_mode = "LINEAR"
    same("mode", analyser.sampling_mode.name, "LINEAR")


@AGILENT_B1500.case
def sampling_measurement_as_a_table(analyser: Any, bench: OpenBench) -> None:
    """``read_data`` returns the readings of a sampling measurement."""
    smu = _source(analyser)
    analyser.meas_mode("SAMPLING", smu)
    smu.sampling_source("Voltage", "2 V", 0, 1, 1e-3)
    analyser.sampling_timing(0.1, 0.01, 5)
    analyser.send_trigger()
    table = analyser.read_data(5)
    close_to("current", float(table.to_numpy()[0, -1]), 1.0 / RESISTANCE,
             ACCURACY.current_bound(1.0, RESISTANCE))
