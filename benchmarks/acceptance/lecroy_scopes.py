"""Packages for LeCroy's MAUI oscilloscopes, which use the automation: that of Teledyne LeCroy itself, and others.

lecroydso reads and sets nearly everything by scripts (``VBS``). lecroyutils speaks VXI-11, which the simulated bench
does not: the benchmark gives it a session of pyvisa in place of its connection. PyMeasure's class has a device suite
too (:mod:`benchmarks.acceptance.suites`); its row adds the other transports.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, same
from benchmarks.acceptance.qcodes_scopes import GENERATOR, PULSES, pulses_are_true
from benchmarks.acceptance.scope_levels import screen, true_levels

TWIN = ("lecroy_wavesurfer3054z",)
PERIOD, WIDTH = 5e-4, 1e-4  #: [s] of the pulses
#: as pyvisa lists it: lecroydso opens nothing else
LISTED = "USB0::0x0699::0x0001::SIM00001::0::INSTR"


@contextmanager
def _lecroydso_opening(bench: OpenBench) -> Iterator[Any]:
    from lecroydso import LeCroyDSO
    from lecroydso.lecroyvisa import LeCroyVISA

    before = os.environ.get("PYVISA_LIBRARY")
    os.environ["PYVISA_LIBRARY"] = bench.library
    try:
        yield LeCroyDSO(LeCroyVISA(bench.resource))
    finally:
        if before is None:
            del os.environ["PYVISA_LIBRARY"]
        else:
            os.environ["PYVISA_LIBRARY"] = before


class _Vxi11:
    """What lecroyutils uses of ``vxi11.Instrument``, by a session of pyvisa."""

    bench: OpenBench

    def __init__(self, host: str) -> None:
        self._session = self.bench.session("tested")
        self._session.read_termination = None   # a block may hold any byte

    @property
    def timeout(self) -> float:
        """Return the time [s] that a reply may take."""
        return float(self._session.timeout) / 1e3

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self._session.timeout = seconds * 1e3

    def write(self, message: str) -> None:
        """Send a message."""
        self._session.write(message)

    def read(self) -> str:
        """Return a reply as text."""
        return str(self._session.read()).rstrip("\n")

    def read_raw(self) -> bytes:
        """Return a reply."""
        return bytes(self._session.read_raw())


@contextmanager
def _lecroyutils_opening(bench: OpenBench) -> Iterator[Any]:
    from lecroyutils import control

    connection = control.vxi11.Instrument
    control.vxi11.Instrument = type("Vxi11", (_Vxi11,), {"bench": bench})
    try:
        yield control.LecroyScope("simulated")
    finally:
        control.vxi11.Instrument = connection


def _maui() -> Any:
    from pymeasure.instruments.teledyne import TeledyneMAUI

    return TeledyneMAUI


LECROYDSO = Driver("LeCroyDSO", "LeCroyDSO", TWIN, _lecroydso_opening, GENERATOR, transports=("in process",),
                   address=LISTED)
LECROYUTILS = Driver("lecroyutils", "LecroyScope", TWIN, _lecroyutils_opening, GENERATOR,
                     transports=("in process", "hislip"))
MAUI = Driver("pymeasure", "TeledyneMAUI", TWIN, pymeasure_opening(_maui), GENERATOR)
DRIVERS = (LECROYDSO, LECROYUTILS, MAUI)


def _registers(bench: OpenBench) -> None:
    """No command was refused: both error registers are empty."""
    same("error registers", [part.split()[-1] for part in bench.ask("CMR?;EXR?").split(";")], ["0", "0"])


def _cleared(bench: OpenBench) -> None:
    bench.send(*PULSES)
    bench.session("tested").write("*CLS")


# ----------------------------------------------------------------------------------------------------------- lecroydso


def _set_up(scope: Any) -> None:
    scope.set_ver_scale("C1", 0.2)
    scope.set_ver_offset("C1", -0.5)
    scope.set_hor_scale(200e-6)
    scope.set_hor_offset(-200e-6)
    scope.set_trigger_source("C1")
    scope.set_trigger_level("C1", 0.5)
    scope.set_trigger_slope("C1", "POSITIVE")


@LECROYDSO.case
def measurements_of_the_screen(scope: Any, bench: OpenBench) -> None:
    """Width, frequency and top of the pulses, as the automation and as ``PAVA?`` have them."""
    _cleared(bench)
    _set_up(scope)
    for number, engine in enumerate(("Width", "Frequency", "Top", "Mean"), 1):
        scope.set_measure(f"P{number}", "C1", param_engine=engine)
    same("triggered", scope.acquire(1.0, False), True)
    close_to("width", scope.get_measure_value("P1"), WIDTH, 50e-9)
    close_to("frequency", scope.get_measure_value("P2"), 1.0 / PERIOD, 1.0)
    shown, true = screen(bench, 0.5, scale=0.2), true_levels(bench)
    mean = true.low + true.swing * WIDTH / PERIOD
    close_to("top", scope.get_measure_value("P3"), true.high, shown.level_bound(true.high))
    close_to("mean", scope.get_measure_mean("P4"), mean, shown.level_bound(mean))
    found, state = scope.pava("C1", "AMPL")
    same("state", state, "OK")
    close_to("amplitude by PAVA", found, true.swing, shown.swing_bound(true.swing))
    found, state = scope.pava("C1", "WID")
    same("state", state, "OK")
    close_to("width by PAVA", found, WIDTH, 50e-9)
    _registers(bench)


@LECROYDSO.case
def an_edge_that_does_not_come(scope: Any, bench: OpenBench) -> None:
    """Without a trigger an acquisition ends after its time, and says so."""
    _cleared(bench)
    _set_up(scope)
    bench.send("VOLT:HIGH 0.3")
    same("triggered", scope.acquire(0.2, False), False)
    same("mode", scope.trigger_mode, "STOPPED")
    _registers(bench)


@LECROYDSO.case
def settings_and_sequence(scope: Any, bench: OpenBench) -> None:
    """The class finds channels and measurements; settings read back; a sequence has one pulse in each segment."""
    _cleared(bench)
    same("channels", scope.available_channels, ["C1", "C2", "C3", "C4"])
    _set_up(scope)
    close_to("scale", scope.get_ver_scale("C1"), 0.2, 1e-9)
    close_to("points", scope.get_num_points() * scope.get_time_per_point(), 2e-3, 1e-9)
    scope.set_sample_rate(100e6)
    close_to("rate", scope.get_sample_rate(), 100e6, 1.0)
    scope.set_sample_mode("SEQUENCE", 5)
    scope.set_hor_scale(50e-6)
    scope.set_measure("P1", "C1", param_engine="Width")
    same("triggered", scope.acquire(1.0, False), True)
    same("pulses", int(scope.query_vbs("meas.P1.num.Result.Value")), 5)
    close_to("width", scope.get_measure_mean("P1"), WIDTH, 50e-9)
    _registers(bench)


# --------------------------------------------------------------------------------------------------------- lecroyutils


def _ready(scope: Any, bench: OpenBench) -> None:
    _cleared(bench)
    for message in ("C1:VDIV 0.2V", "C1:OFST -0.5V", "TDIV 100US", "MSIZ 100K"):
        bench.session("tested").write(message)
    scope.trigger_source = "C1"
    scope.trigger_level = 0.5


@LECROYUTILS.case
def waveform_of_lecroyutils_is_the_generators(scope: Any, bench: OpenBench) -> None:
    """A record of 1 ms has the levels and the width of the pulses, as the package reads its descriptor."""
    _ready(scope, bench)
    same("triggered", scope.acquire(1.0), True)
    found = scope.waveform("C1")
    pulses_are_true(np.asarray(found.x), np.asarray(found.y), bench, screen(bench, 0.5, scale=0.2))
    _registers(bench)


@LECROYUTILS.case
def statistics_of_lecroyutils(scope: Any, bench: OpenBench) -> None:
    """Five acquisitions of a pulse each have five widths, all that of the generator."""
    _ready(scope, bench)
    for text in ("View = True", 'ParamEngine = "Width"', 'Source1 = "C1"'):
        bench.session("tested").write(f"VBS 'app.Measure.P1.{text}'")
    scope.clear_statistics()
    for _ in range(5):
        same("triggered", scope.acquire(1.0), True)
    found = scope.statistics("P1")
    same("number", found["num"], "5")
    for name in ("last", "min", "mean", "max"):
        close_to(name, float(found[name]), WIDTH, 50e-9)
    close_to("deviation", float(found["sdev"]), 0.0, 50e-9)
    same("idle", scope.is_idle(), "1")
    _registers(bench)


@LECROYUTILS.case
def screen_of_lecroyutils(scope: Any, bench: OpenBench) -> None:
    """The picture is a file in PNG format on a white ground."""
    _ready(scope, bench)
    picture = scope._screenshot_raw()   # the public method writes a file with these bytes
    same("format", picture[:8], b"\x89PNG\r\n\x1a\n")
    _registers(bench)


# ----------------------------------------------------------------------------------------------------------- PyMeasure


@MAUI.case
def measurements_of_the_maui(scope: Any, bench: OpenBench) -> None:
    """Width and levels of the pulses, and an automation variable that a setting has changed."""
    _cleared(bench)
    scope.ch_1.scale, scope.ch_1.offset, scope.timebase_scale = 0.2, -0.5, 100e-6
    scope.trigger_select = ("edge", "c1", "off")
    scope.ch_1.trigger_level = 0.5
    same("triggered", scope.vbs_ask("app.Acquisition.Acquire(1,false)").strip(), "1")
    close_to("width", scope.ch_1.measure_parameter("WID"), WIDTH, 50e-9)
    shown, true = screen(bench, 0.5, scale=0.2), true_levels(bench)
    close_to("top", scope.ch_1.measure_parameter("TOP"), true.high, shown.level_bound(true.high))
    close_to("amplitude", scope.ch_1.measure_parameter("AMPL"), true.swing, shown.swing_bound(true.swing))
    close_to("scale", float(scope.vbs_ask("app.Acquisition.C1.VerScale")), 0.2, 1e-9)
    same("bandwidth", scope.ch_1.current_configuration["bandwidth_limit"], "OFF")
    _registers(bench)
