"""keyoscacquire, which reads traces of the InfiniiVision oscilloscopes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, same
from benchmarks.acceptance.judging import width_at_half
from benchmarks.acceptance.makers_drivers import pulses
from benchmarks.acceptance.scope_levels import levels_are_true, screen


@contextmanager
def _opening(bench: OpenBench) -> Iterator[Any]:
    warnings.simplefilter("ignore")
    from keyoscacquire import Oscilloscope

    scope = Oscilloscope(address=bench.resource, timeout=10_000, verbose=False)
    try:
        yield scope
    finally:
        scope.close()


#: the class opens pyvisa's default library; without a library of a maker, this is pyvisa-py
SCOPE = Driver("keyoscacquire", "Oscilloscope", ("keysight_dsox2024a",), _opening, partner="keysight_33622a",
               transports=("socket", "hislip"))
DRIVERS = (SCOPE,)


def _trace(scope: Any, bench: OpenBench, form: str) -> None:
    pulses(bench)
    for message in (":CHAN1:PROB 1", ":CHAN1:SCAL 0.25", ":CHAN1:OFFS 0.5", ":TIM:SCAL 5e-6", ":TRIG:EDGE:SOUR CHAN1",
                    ":TRIG:EDGE:LEV 0.5"):
        scope.write(message)
    times, volts, channels = scope.set_options_get_trace(
        channels=[1], wav_format=form, acq_type="HRES", num_points=2000, p_mode="NORM")
    same("channels", channels, [1])
    times, volts = times.ravel(), volts.ravel()
    found = levels_are_true(volts, bench, screen(bench, 0.5, scale=0.25))
    close_to("width", width_at_half(times, volts, found.low, found.high), 20e-6, 50e-9)
    same("error", scope.get_error(), '+0,"No error"')


@SCOPE.case
def trace_of_words(scope: Any, bench: OpenBench) -> None:
    """Levels and width of the pulses, from 16 bits."""
    _trace(scope, bench, "WORD")


@SCOPE.case
def trace_of_bytes(scope: Any, bench: OpenBench) -> None:
    """Levels and width of the pulses, from 8 bits."""
    _trace(scope, bench, "BYTE")


@SCOPE.case
def trace_of_texts(scope: Any, bench: OpenBench) -> None:
    """Levels and width of the pulses, from numbers as text with the header of a block."""
    _trace(scope, bench, "ASCii")
