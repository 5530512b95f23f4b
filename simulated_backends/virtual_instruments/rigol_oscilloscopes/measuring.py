"""The commands MEASure of the Rigol oscilloscopes: measurements of what the screen shows."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional, long_and_short
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace, Thresholds
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.acquiring import RigolAcquiring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase, RigolTable
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.triggering import TriggerSource

_POINTS = 1200
_PART = Number("", 5.0, 95.0)


def _slew(trace: ShownTrace, rising: bool) -> float:
    upper, lower = trace.thresholds.upper, trace.thresholds.lower
    height = (upper - lower) / 100 * measurements.amplitude(trace)
    time = measurements.transition(trace, rising)
    return (height if rising else -height) / time


def _threshold(trace: ShownTrace, part: str) -> float:
    base, top = measurements.base(trace), measurements.top(trace)
    return base + float(getattr(trace.thresholds, part)) / 100 * (top - base)


def _falling_delay(first: ShownTrace, second: ShownTrace) -> float:
    places = [(trace, trace.edges.nearest(trace.reference, False)) for trace in (first, second)]
    times = [math.nan if index is None else float(trace.edges.middle[index]) for trace, index in places]
    return times[1] - times[0]


#: of one channel (programming guide, :MEASure:ITEM)
ALONE: Mapping[str, Callable[[ShownTrace], float]] = {
    "VMAX": measurements.maximum, "VMIN": measurements.minimum, "VPP": measurements.peak_to_peak,
    "VTOP": measurements.top, "VBASe": measurements.base, "VAMP": measurements.amplitude,
    "VAVG": measurements.average, "VRMS": measurements.rms, "OVERshoot": measurements.overshoot,
    "PREShoot": measurements.preshoot, "MARea": measurements.area,
    "MPARea": partial(measurements.area, cycles=True), "PERiod": measurements.period,
    "FREQuency": measurements.frequency, "RTIMe": measurements.transition,
    "FTIMe": partial(measurements.transition, rising=False), "PWIDth": measurements.width,
    "NWIDth": partial(measurements.width, positive=False), "PDUTy": measurements.duty_cycle,
    "NDUTy": partial(measurements.duty_cycle, positive=False), "TVMAX": measurements.time_of_maximum,
    "TVMIN": measurements.time_of_minimum, "PSLEWrate": partial(_slew, rising=True),
    "NSLEWrate": partial(_slew, rising=False), "VUPper": partial(_threshold, part="upper"),
    "VMID": partial(_threshold, part="middle"), "VLOWer": partial(_threshold, part="lower"),
    "VARIance": lambda trace: measurements.rms(trace, ac=True) ** 2,
    "PVRMS": partial(measurements.rms, cycles=True), "PPULses": partial(measurements.pulse_count, positive=True),
    "NPULses": partial(measurements.pulse_count, positive=False),
    "PEDGes": partial(measurements.edge_count, rising=True), "NEDGes": partial(measurements.edge_count, rising=False),
}
#: of two channels
PAIRED: Mapping[str, Callable[[ShownTrace, ShownTrace], float]] = {
    "RDELay": measurements.nearest_delay, "FDELay": _falling_delay, "RPHase": measurements.phase,
    "FPHase": lambda first, second: 360.0 * _falling_delay(first, second) / measurements.period(first),
}
_OF_ONE = {long_and_short(word)[1]: measure for word, measure in ALONE.items()}
_OF_TWO = {long_and_short(word)[1]: measure for word, measure in PAIRED.items()}
_ITEM = Choice(*ALONE, *PAIRED)


class RigolMeasuring(RigolTable):
    """What ``:MEASure`` does.

    Parameters
    ----------
    scope : RigolBase
    settings : RigolAcquiring
        Of the same scope.
    """

    def __init__(self, scope: RigolBase, settings: RigolAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings

    measure_source = Setting(":MEASure:SOURce", TriggerSource(), default="CHAN1")
    counter_source = Setting(":MEASure:COUNter:SOURce", TriggerSource("OFF"), default="OFF")
    upper_part = Setting(":MEASure:SETup:MAX", _PART, default=90.0)
    middle_part = Setting(":MEASure:SETup:MID", _PART, default=50.0)
    lower_part = Setting(":MEASure:SETup:MIN", _PART, default=10.0)

    def _trace(self, source: str) -> ShownTrace | None:
        settings = self.settings
        trace = self.memory.trace(int(source[4:]), settings.screen_start(), settings.timebase_range, _POINTS)
        if trace is None or not len(trace.filled):
            return None
        return replace(trace, reference=settings.time_offset,
                       thresholds=Thresholds(self.upper_part, self.middle_part, self.lower_part))

    @command(":MEASure:ITEM", _ITEM, Optional(TriggerSource()), Optional(TriggerSource()))
    def _install(self, *_: str) -> None:
        """``:MEAS:ITEM VPP,CHAN1``: show a measurement."""

    @command(":MEASure:CLEar", Choice("ITEM1", "ITEM2", "ITEM3", "ITEM4", "ITEM5", "ALL"))
    def _clear(self, which: str) -> None:
        """``:MEAS:CLE ALL``: take measurements off the screen."""

    @command(":MEASure:ITEM?", _ITEM, Optional(TriggerSource()), Optional(TriggerSource()))
    def _measure(self, item: str, first: str | None = None, second: str | None = None) -> Handler:
        """``:MEAS:ITEM? VPP,CHAN1``; 9.9E37 where it cannot be measured."""
        self.control.look()
        yield from self.control.snapshot()
        one = self._trace(first or self.measure_source)
        with np.errstate(all="ignore"):
            if item in _OF_ONE:
                value = math.nan if one is None else _OF_ONE[item](one)
            else:
                other = self._trace(second or "CHAN2")
                value = math.nan if one is None or other is None else _OF_TWO[item](one, other)
        return self.format_number(value)

    @command(":MEASure:COUNter:VALue?")
    def _counted(self) -> Handler:
        """``:MEAS:COUN:VAL?``: the frequency counter [Hz]."""
        self.control.look()
        yield from self.control.snapshot()
        trace = None if self.counter_source == "OFF" else self._trace(self.counter_source)
        value = math.nan if trace is None else measurements.counted_frequency(trace)
        return self.format_number(value if math.isfinite(value) else 0.0)
