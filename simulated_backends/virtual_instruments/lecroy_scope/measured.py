"""Measurements by their names: ``PAVA?`` of one waveform, ``MEAD?`` of two."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from tsbench.simulated_backends.lecroy.parameters import LecroyWord
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Text
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope, ShortTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace


def _at_edge(measure: measurements.Measurement, rising: bool) -> measurements.Measurement:
    """Return a measurement that is made at an edge of one polarity."""
    def measured(trace: ShownTrace) -> float:
        index = trace.edges.nearest(trace.reference, rising)
        return math.nan if index is None else measure(trace)

    return measured


#: name -> (unit, measurement)
ALONE: Mapping[str, tuple[str, measurements.Measurement]] = {
    "PKPK": ("V", measurements.peak_to_peak), "MAX": ("V", measurements.maximum), "MIN": ("V", measurements.minimum),
    "AMPL": ("V", measurements.amplitude), "TOP": ("V", measurements.top), "BASE": ("V", measurements.base),
    "CMEAN": ("V", partial(measurements.average, cycles=True)), "MEAN": ("V", measurements.average),
    "RMS": ("V", measurements.rms), "CRMS": ("V", partial(measurements.rms, cycles=True)),
    "OVSN": ("%", _at_edge(measurements.overshoot, False)), "FPRE": ("%", _at_edge(measurements.preshoot, False)),
    "OVSP": ("%", _at_edge(measurements.overshoot, True)), "RPRE": ("%", _at_edge(measurements.preshoot, True)),
    "PER": ("S", measurements.period), "FREQ": ("HZ", measurements.frequency), "PWID": ("S", measurements.width),
    "NWID": ("S", partial(measurements.width, positive=False)), "RISE": ("S", measurements.transition),
    "FALL": ("S", partial(measurements.transition, rising=False)), "WID": ("S", measurements.burst_width),
    "DUTY": ("%", measurements.duty_cycle), "NDUTY": ("%", partial(measurements.duty_cycle, positive=False)),
}
NOT_MEASURED = "****"


def _between(first: ShownTrace, second: ShownTrace, name: str) -> float:
    """Return a delay [s]: first or last edge of each, R rising, F falling."""
    mine, other = first.edges.of("+" if name[1] == "R" else "-"), second.edges.of("+" if name[2] == "R" else "-")
    if not len(mine) or not len(other):
        return math.nan
    return float((other[-1] if name[0] == "L" else other[0]) - mine[0])


#: name -> (unit, measurement)
PAIRED: Mapping[str, tuple[str, Callable[[ShownTrace, ShownTrace], float]]] = {
    "PHA": ("degree", measurements.phase), "SKEW": ("S", measurements.nearest_delay),
    **{name: ("S", partial(_between, name=name))
       for name in ("FRR", "FRF", "FFR", "FFF", "LRR", "LRF", "LFR", "LFF")},
}


class ShortMeasureCommands(ShortTable):
    """Measurements."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.installed: list[tuple[str, int]] = []  #: on the screen: name, channel

    def _source(self, text: str) -> int:
        channel = number_behind("C", text)
        if channel is None or not 1 <= channel <= self.data_sheet.channels:
            raise ScpiError(-224)
        return channel

    @command("PACU", LecroyWord(*ALONE, "ALL"), Text(bare=True))
    def install(self, name: str, source: str) -> None:
        """``PACU PKPK,C1``: show a measurement."""
        self.installed.append((name, self._source(source)))

    @command("C<1-4>:PAVA?", LecroyWord(*ALONE, "ALL"))
    def value(self, channel: int, name: str) -> Handler:
        """``C1:PAVA? RMS``: a measurement of the record on the screen."""
        self.control.look()
        yield from self.control.snapshot()
        trace = self.memory.measured(channel, self.panel.position)
        names = list(ALONE) if name == "ALL" else [name]
        return ",".join(f"{one},{self._written(ALONE[one], trace)}" for one in names)

    def _written(self, how: tuple[str, measurements.Measurement], trace: ShownTrace | None) -> str:
        unit, measure = how
        with np.errstate(all="ignore"):
            value = math.nan if trace is None else measure(trace)
        return self.quantity(value, unit) if math.isfinite(value) else NOT_MEASURED
