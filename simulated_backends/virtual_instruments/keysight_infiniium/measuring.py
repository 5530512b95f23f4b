"""The commands MEASure and DISPlay of the Infiniium oscilloscopes."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Choice, Many, Optional, long_and_short
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.acquiring import InfiniiumAcquiring
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import (
    InfiniiumBase,
    InfiniiumTable,
    ScopeSource,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

_POINTS, _COLUMNS = 20_000, 640
_MEASUREMENTS: Mapping[str, Callable[[ShownTrace], float]] = {
    "VAMPlitude": measurements.amplitude, "VAVerage": measurements.average, "VBASe": measurements.base,
    "VMAX": measurements.maximum, "VMIN": measurements.minimum, "VPP": measurements.peak_to_peak,
    "VTOP": measurements.top, "VRMS": measurements.rms, "OVERshoot": measurements.overshoot,
    "PREShoot": measurements.preshoot, "RISetime": measurements.transition,
    "FALLtime": partial(measurements.transition, rising=False), "DUTYcycle": measurements.duty_cycle,
    "PERiod": measurements.period, "FREQuency": measurements.frequency, "PWIDth": measurements.width,
    "NWIDth": partial(measurements.width, positive=False),
}
_BY_NAME = {long_and_short(word)[1]: measure for word, measure in _MEASUREMENTS.items()}
_WORDS = Many(AnyOf(Choice("CYCLe", "DISPlay"), Choice("AC", "DC"), ScopeSource()), maximum=3)


class InfiniiumMeasuring(InfiniiumTable):
    """What ``:MEASure`` and ``:DISPlay:DATA?`` do.

    Parameters
    ----------
    scope : InfiniiumBase
    settings : InfiniiumAcquiring
        Of the same scope.
    """

    def __init__(self, scope: InfiniiumBase, settings: InfiniiumAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings

    measure_source = Setting(":MEASure:SOURce", ScopeSource(), default="CHAN1")

    @command(f":MEASure:{{{'|'.join(_MEASUREMENTS)}}}?", _WORDS)
    def _measure(self, which: str, *words: str) -> Handler:
        """``:MEAS:VPP? CHAN1``; 9.99999E+37 where it cannot be measured."""
        self.control.look()
        yield from self.control.snapshot()
        source = next((word for word in words if word.startswith("CHAN")), self.measure_source)
        settings = self.settings
        trace = self.memory.trace(int(source[4:]), settings.record_start(), settings.timebase_range, _POINTS)
        if trace is None or not len(trace.filled):
            return self.format_number(math.nan)
        options = {"cycles": True} if "CYCL" in words and which in ("VRMS", "VAV") else {}
        if which == "VRMS" and "AC" in words:
            options["ac"] = True
        with np.errstate(all="ignore"):
            return self.format_number(_BY_NAME[which](replace(trace, reference=settings.position), **options))

    @command(":DISPlay:DATA?", Optional(Choice("BMP", "PNG")))
    def _picture(self, form: str = "BMP") -> Handler:
        """``:DISP:DATA? PNG``: the screen; other formats are not simulated."""
        self.control.look()
        yield from self.control.snapshot()
        yield 0.5
        traces = self.scope.shown_traces(self.settings.record_start(), self.settings.timebase_range, _COLUMNS)
        return definite_block(draw_screen(traces, form), 9)
