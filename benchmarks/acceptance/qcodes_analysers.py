"""QCoDeS' driver of the B1500."""

from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, qcodes_opening, same
from benchmarks.acceptance.judging import meter_accuracy

ACCURACY = meter_accuracy("keysight_b1500a")


def _b1500() -> Any:
    from qcodes.instrument_drivers.Keysight.keysightb1500 import KeysightB1500

    return KeysightB1500


@contextmanager
def _opening(bench: OpenBench) -> Any:
    with qcodes_opening(_b1500, timeout=100)(bench) as analyser:
        yield analyser


#: a B1500A has no socket of its own
KEYSIGHT_B1500 = Driver("qcodes", "KeysightB1500", ("keysight_b1500a",), _opening, transports=("in process", "hislip"))
DRIVERS = (KEYSIGHT_B1500,)


def _constants() -> Any:
    from qcodes.instrument_drivers.Keysight.keysightb1500 import constants

    return constants


def _source(analyser: Any) -> Any:
    names, smu = _constants(), analyser.smu1
    smu.enable_outputs()
    smu.source_config(
        output_range=names.VOutputRange.AUTO, compliance=1e-3, min_compliance_range=names.IMeasRange.MIN_1mA)
    smu.i_measure_range_config(names.IMeasRange.FIX_1mA)
    smu.use_high_speed_adc()
    analyser.use_nplc_for_high_speed_adc(1)
    return smu


@KEYSIGHT_B1500.case
def identifies_itself(analyser: Any, bench: OpenBench) -> None:
    """The driver reads maker, model and modules."""
    same("model", analyser.get_idn()["model"], "B1500A")
    same("modules", [type(module).__name__ for module in analyser.by_slot.values()],
         ["KeysightB1517A", "KeysightB1517A", "KeysightB1511B", "KeysightB1511B"])


@KEYSIGHT_B1500.case
def levels_one_by_one(analyser: Any, bench: OpenBench) -> None:
    """I = V/R at each level."""
    smu = _source(analyser)
    for level in np.linspace(-1.5, 1.5, 5):
        smu.voltage(float(level))
        close_to(f"current at {level:g} V", smu.current(), level / RESISTANCE,
                 ACCURACY.current_bound(level, RESISTANCE))
        close_to("true voltage", bench.voltage(), level, 0.03e-2 * abs(level) + 1e-3)
    same("enabled", (smu.is_enabled(), analyser.smu2.is_enabled()), (True, False))
    smu.disable_outputs()
    same("relay", bench.outputs_on(), [])
    same("errors", analyser.error_message(), '+0,"No Error."')


@KEYSIGHT_B1500.case
def compliance_shows_in_the_status(analyser: Any, bench: OpenBench) -> None:
    """Beyond the compliance, the reading is the compliance and its status says so."""
    names, smu = _constants(), _source(analyser)
    smu.source_config(
        output_range=names.VOutputRange.AUTO, compliance=1e-4, min_compliance_range=names.IMeasRange.MIN_100uA)
    smu.voltage(5.0)
    close_to("current", smu.current(), 1e-4, 1e-6)
    same("status", smu.current.measurement_status.name, "C")


@KEYSIGHT_B1500.case
def staircase_sweep(analyser: Any, bench: OpenBench) -> None:
    """The sweep of the driver returns V/R of two channels, in order."""
    names, smu = _constants(), _source(analyser)
    analyser.smu2.enable_outputs()
    smu.setup_staircase_sweep(
        v_start=0, v_end=1, n_steps=6, av_coef=-1, step_delay=0.05,
        post_sweep_voltage_val=names.WM.Post.START, v_src_range=names.VOutputRange.AUTO, i_comp=1e-3,
        i_meas_range=names.IMeasRange.FIX_1mA)
    analyser.set_measurement_mode(names.MM.Mode.STAIRCASE_SWEEP, [1, 2])
    first, second = analyser.run_iv_staircase_sweep()
    levels = np.linspace(0, 1, 6)
    for level, current in zip(levels, first, strict=True):
        close_to(f"current at {level:g} V", current, level / RESISTANCE,
                 ACCURACY.current_bound(level, RESISTANCE))
    assert max(map(abs, second)) < 1e-6, second
    same("status", analyser.run_iv_staircase_sweep.status_summary()["param1"], "No status error occurred.")


@KEYSIGHT_B1500.case
def sampling(analyser: Any, bench: OpenBench) -> None:
    """A sampling measurement at a constant level."""
    names, smu = _constants(), _source(analyser)
    smu.voltage(1.0)
    smu.measurement_mode(names.MM.Mode.SAMPLING)
    smu.timing_parameters(0, 0.1, 7)
    smu.current_measurement_range(names.IMeasRange.FIX_1mA)
    found = smu.sampling_measurement_trace()
    same("count", len(found), 7)
    for current in found:
        close_to("current", current, 1.0 / RESISTANCE, ACCURACY.current_bound(1.0, RESISTANCE))


@KEYSIGHT_B1500.case
def settings_are_read_back(analyser: Any, bench: OpenBench) -> None:
    """Measurement mode and data format are what was set."""
    names = _constants()
    analyser.set_measurement_mode(names.MM.Mode.SPOT, [1, 3])
    same("mode", analyser.get_measurement_mode(), {"mode": names.MM.Mode.SPOT, "channels": [1, 3]})
    same("format", int(analyser.get_response_format_and_mode()["format"]), 1)
    same("calibration", analyser.self_calibration(1), names.CALResponse.PASSED)
    analyser.clear_timer_count()
    analyser.enable_smu_filters(True)
    same("status", analyser.get_status(), 16)


@KEYSIGHT_B1500.case
def range_of_a_channel_is_read_back(analyser: Any, bench: OpenBench) -> None:
    """The measuring range that was set is the one that is read."""
    names = _constants()
    analyser.smu1.current_measurement_range(names.IMeasRange.FIX_1mA)
    same("range", dict(analyser.smu1.current_measurement_range()).get(names.ChNr.SLOT_01_CH1), names.IMeasRange.FIX_1mA)


@KEYSIGHT_B1500.case
def operation_of_a_channel_is_read_back(analyser: Any, bench: OpenBench) -> None:
    """The measurement operation mode that was set is the one that is read."""
    names = _constants()
    analyser.smu1.measurement_operation_mode(names.CMM.Mode.CURRENT)
    found = dict(analyser.smu1.measurement_operation_mode())
    same("mode", found.get(names.ChNr.SLOT_01_CH1), names.CMM.Mode.CURRENT)
