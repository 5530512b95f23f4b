"""QCoDeS' drivers of Infiniium, RTO and Rigol oscilloscopes, judged by the true waveform at the resistor."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, qcodes_opening, same
from benchmarks.acceptance.judging import crossings, width_at_half
from benchmarks.acceptance.scope_levels import Screen, levels_are_true, screen

GENERATOR = "keysight_33622a"
LONGEST_INTERVAL = 1.5e-6  #: [s] between two points
#: pulses of 100 us every 500 us, 0 V to 1 V
PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")


def _class(module: str, name: str) -> Callable[[], Any]:
    return lambda: getattr(importlib.import_module(f"qcodes.instrument_drivers.{module}"), name)


def _driver(module: str, name: str, *twins: str) -> Driver:
    return Driver("qcodes", name, twins, qcodes_opening(_class(module, name)), GENERATOR)


INFINIIUM = _driver("Keysight", "KeysightInfiniium", "keysight_dsos104a", "keysight_dso9254a")
RTO = _driver("rohde_schwarz", "RohdeSchwarzRTO1000", "rohde_schwarz_rto1014", "rohde_schwarz_rto2024")
DS1074Z = _driver("rigol", "RigolDS1074Z", "rigol_ds1074z")
DRIVERS = (INFINIIUM, RTO, DS1074Z)
#: name of the class -> maker and model in the reply to ``*IDN?``
IDENTITIES = {
    "KeysightInfiniium": ("KEYSIGHT TECHNOLOGIES", "DSOS104A"), "RohdeSchwarzRTO1000": ("Rohde&Schwarz", "RTO"),
    "RigolDS1074Z": ("RIGOL TECHNOLOGIES", "DS1074Z"),
}


def identifies_itself(driver: Any, bench: OpenBench) -> None:
    """The driver reads maker and model as separate values."""
    found = driver.get_idn()
    same("vendor and model", (found["vendor"], found["model"]), IDENTITIES[type(driver).__name__])


for _one in DRIVERS:
    _one.case(identifies_itself)


def pulses_are_true(times: Any, volts: Any, bench: OpenBench, shown: Screen) -> None:
    """The record has the levels of the pulses, their width, and an edge at the trigger (0 s)."""
    found = levels_are_true(volts, bench, shown)
    interval = float(times[1] - times[0])
    close_to("width", width_at_half(times, volts, found.low, found.high), 100e-6, 2.0 * interval)
    up = crossings(times, volts, 0.5, True)
    close_to("edge at the trigger", float(up[np.argmin(np.abs(up))]), 0.0, 2.0 * interval)
    assert interval < LONGEST_INTERVAL, f"the interval is {interval:g} s, too long to measure a pulse of 100 us"


# ---------------------------------------------------------------------------------------------- Infiniium


def _digitised(scope: Any, bench: OpenBench) -> None:
    bench.send(*PULSES)
    scope.ch1.range(1.6)
    scope.ch1.offset(0.5)
    scope.ch1.trigger_level(0.5)
    scope.timebase_range(1e-3)
    scope.digitize(timeout=60)


@INFINIIUM.case
def trace_is_the_generators_waveform(scope: Any, bench: OpenBench) -> None:
    """The trace has the levels of the pulses, within the vertical accuracy."""
    _digitised(scope, bench)
    scope.ch1.update_setpoints()
    pulses_are_true(scope.ch1.time_axis(), scope.ch1.trace(), bench, screen(bench, 0.5, full_scale=1.6))


@INFINIIUM.case
def block_of_the_infiniium_is_the_generators_waveform(scope: Any, bench: OpenBench) -> None:
    """A block that is read by the session of the driver has the levels of the pulses."""
    _digitised(scope, bench)
    scope.write(":WAVeform:SOURce CHANnel1;FORMat WORD;BYTeorder LSBFirst;STReaming OFF")
    step, origin, interval, begin = (
        float(scope.ask(f":WAVeform:{word}?")) for word in ("YINCrement", "YORigin", "XINCrement", "XORigin"))
    codes = scope.visa_handle.query_binary_values(":WAVeform:DATA?", "h", container=np.array)
    pulses_are_true(begin + interval * np.arange(len(codes)), codes * step + origin, bench,
                    screen(bench, 0.5, full_scale=1.6))


@INFINIIUM.case
def settings_and_run_state_read_back(scope: Any, bench: OpenBench) -> None:
    """Range, level and time range are what was set; after a digitize it is stopped."""
    _digitised(scope, bench)
    close_to("range", scope.ch1.range(), 1.6, 1e-6)
    close_to("level", scope.ch1.trigger_level(), 0.5, 1e-6)
    close_to("time range", scope.timebase_range(), 1e-3, 1e-9)
    same("run state", scope.run_mode(), "STOP")


# ---------------------------------------------------------------------------------------------------- RTO


@RTO.case
def rto_trace_is_the_generators_waveform(scope: Any, bench: OpenBench) -> None:
    """The trace has the levels of the pulses, within the vertical accuracy.

    All codes are above 10: the driver sets a newline as the termination character and reads binary data with it, so on
    hardware too a byte of 10 ends the reading (VISA, attribute VI_ATTR_TERMCHAR_EN).
    """
    bench.send(*PULSES)
    scope.ch1.range(4)
    scope.ch1.offset(-0.5)
    scope.timebase_range(1e-3)
    scope.trigger_source("CH1")
    scope.trigger_level(0.5)
    scope.write("TRIGger1:MODE NORMal")
    scope.write("RUNSingle")
    same("complete", scope.opc(), "1")
    scope.ch1.trace.prepare_trace()
    pulses_are_true(np.array(scope.ch1.trace.setpoints[0]), scope.ch1.trace(), bench,
                    screen(bench, -0.5, full_scale=4.0))


# -------------------------------------------------------------------------------------------------- Rigol


@DS1074Z.case
def rigol_settings_read_back(scope: Any, bench: OpenBench) -> None:
    """The level is what was set, with the trigger that was chosen."""
    scope.trigger_mode("edge")
    scope.trigger_level(0.1)
    close_to("level", float(scope.trigger_level()), 0.1, 1e-6)
    scope.data_source("ch2")
    same("source", scope.data_source(), "ch2")


@DS1074Z.case
def rigol_trace_has_the_points_of_the_screen(scope: Any, bench: OpenBench) -> None:
    """The trace has 1200 points."""
    same("points", len(scope.channels[0].trace()), 1200)


@DS1074Z.case
def block_of_the_rigol_is_the_generators_waveform(scope: Any, bench: OpenBench) -> None:
    """A block that is read by the session of the driver has the levels of the pulses."""
    bench.send(*PULSES)
    for message in (":CHAN1:PROB 1", ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TIM:MAIN:SCAL 1E-4", ":TRIG:MODE EDGE",
                    ":TRIG:EDG:SOUR CHAN1", ":TRIG:EDG:LEV 0.5", ":SING"):
        scope.write(message)
    states = (scope.ask(":TRIG:STAT?") for _ in range(1000))
    assert "STOP" in states, "no record"
    scope.write(":WAV:SOUR CHAN1")
    scope.write(":WAV:MODE NORM")
    scope.write(":WAV:FORM BYTE")
    step, origin, reference, interval, begin = (
        float(scope.ask(f":WAV:{word}?")) for word in ("YINC", "YOR", "YREF", "XINC", "XOR"))
    codes = scope.visa_handle.query_binary_values(":WAV:DATA?", "B", container=np.array)
    pulses_are_true(begin + interval * np.arange(len(codes)), (codes - origin - reference) * step, bench,
                    screen(bench, 0.5, scale=0.2))
