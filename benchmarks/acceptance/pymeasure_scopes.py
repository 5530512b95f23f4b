"""PyMeasure's classes of oscilloscopes with a device suite of their own, judged by the generator's pulses.

The suites (:mod:`benchmarks.acceptance.suites`) run in process. These rows add the other transports.
"""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, pymeasure_opening, same
from benchmarks.acceptance.qcodes_scopes import GENERATOR, PULSES, pulses_are_true
from benchmarks.acceptance.scope_levels import screen


def _t3dso() -> Any:
    from pymeasure.instruments.lecroy import LeCroyT3DSO1204

    return LeCroyT3DSO1204


def _sds() -> Any:
    from pymeasure.instruments.siglenttechnologies import SDS1000XHD

    return SDS1000XHD


T3DSO = Driver("pymeasure", "LeCroyT3DSO1204", ("lecroy_t3dso1204",), pymeasure_opening(_t3dso), GENERATOR)
SDS = Driver("pymeasure", "SDS1000XHD", ("siglent_sds1104xhd",), pymeasure_opening(_sds), GENERATOR)
SDS_WAVEFORM = Driver("pymeasure", "SDS1000XHD.waveform", SDS.twins, SDS.opening, GENERATOR)
DRIVERS = (T3DSO, SDS, SDS_WAVEFORM)
#: name of the class -> maker and model in the reply to ``*IDN?``
IDENTITIES = {
    "LeCroyT3DSO1204": ("LECROY", "T3DSO1204"), "SDS1000XHD": ("Siglent Technologies", "SDS1104X HD"),
}


def identifies_itself(driver: Any, bench: OpenBench) -> None:
    """The driver reads maker and model."""
    same("maker and model", tuple(driver.id.split(",")[:2]), IDENTITIES[type(driver).__name__])


for _driver in (T3DSO, SDS):
    _driver.case(identifies_itself)


@T3DSO.provoking(-420, only="in process")   # the class reads on behind the block until a timeout
def waveform_of_the_t3dso_is_the_generators(scope: Any, bench: OpenBench) -> None:
    """A record of 1 ms has the levels of the pulses."""
    bench.send(*PULSES)
    scope.ch_1.probe_attenuation = 1
    scope.ch_1.scale, scope.ch_1.offset = 0.2, -0.5
    scope.timebase_scale = 100e-6
    scope.trigger_select = ("EDGE", "C1", "OFF")
    scope.ch_1.trigger_level = 0.5
    scope.single()
    assert any("Stop" in scope.ask("SAST?") for _ in range(1000)), "no record"
    volts, times, _ = scope.download_waveform("C1", requested_points=10_000, sparsing=100)
    pulses_are_true(np.asarray(times), np.asarray(volts), bench, screen(bench, 0.5, scale=0.2))


@SDS_WAVEFORM.provoking(-420, only="in process")   # as the class of the T3DSO
def waveform_of_the_sds_is_the_generators(scope: Any, bench: OpenBench) -> None:
    """A record of 1 ms has the levels of the pulses."""
    bench.send(*PULSES)
    scope.channel_1.scale, scope.channel_1.offset = 0.2, -0.5
    scope.timebase.scale = 100e-6
    for message in (":ACQuire:MDEPth 100k", ":TRIGger:TYPE EDGE", ":TRIGger:EDGE:SOURce C1", ":TRIGger:EDGE:LEVel 0.5",
                    ":TRIGger:MODE SINGle"):
        scope.write(message)
    states = (scope.ask(":TRIGger:STATus?").strip() for _ in range(1000))
    assert "Stop" in states, "no record"
    wave = scope.wf_C1
    wave.source = "C1"
    times, volts = wave.get_data()
    pulses_are_true(np.asarray(times, dtype=float), np.asarray(volts, dtype=float), bench,
                    screen(bench, 0.5, scale=0.2))
