"""The measurements on the screen of an InfiniiVision oscilloscope, and their statistics."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.functions import MathCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.measured import OF_SPECTRUM, Installed
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.thresholds import ThresholdCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace


class ResultCommands(ScopeTable):
    """What ``:MEASure:RESults?``, ``:MEASure:STATistics`` and ``:MEASure:CLEar`` do.

    Parameters
    ----------
    scope : ScopeBase
    functions : MathCommands
    thresholds : ThresholdCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, functions: MathCommands, thresholds: ThresholdCommands) -> None:
        super().__init__(scope)
        self.functions = functions
        self.records = functions.records
        self.thresholds = thresholds
        self.installed: list[Installed] = []
        self._taken: tuple[object, ...] = ()

    window = Setting(":MEASure:WINDow", Choice("MAIN", "ZOOM", "AUTO"), default="AUTO")
    shown_statistic = Setting(
        ":MEASure:STATistics", Choice("ON", "CURRent", "MEAN", "MINimum", "MAXimum", "STDDev", "COUNt"), default="ON")
    statistics_displayed = Setting(":MEASure:STATistics:DISPlay", Boolean(), default=True)
    highest_count = Setting(":MEASure:STATistics:MCOunt", AnyOf(Choice("INFinite"), Integer("", 2, 2000)),
                            default="INF")
    relative_deviation = Setting(":MEASure:STATistics:RSDeviation", Boolean(), default=False)
    show = Setting(":MEASure:SHOW", Boolean(), default=True)

    # ----------------------------------------------------------------------------------------- what is measured

    def trace(self, source: str) -> ShownTrace | None:
        if source.startswith("CHAN"):
            trace = self.records.trace(int(source[4:]))
        elif source[:3] in ("FUN", "FFT"):
            trace = self.functions.trace(source)
        else:
            trace = None
        return None if trace is None else replace(trace, thresholds=self.thresholds.of(source))

    def _is_spectrum(self, source: str) -> bool:
        return source == "FFT" or (
            source.startswith("FUNC") and self.functions.operation[int(source[4:])] == "FFT")

    def measured(self, header: str, sources: tuple[str, ...], measure: Callable[..., float]) -> float:
        """Return a measurement of what can be read now; NaN where it cannot be made."""
        traces = [self.trace(source) for source in sources]
        if any(trace is None or not len(trace.filled) for trace in traces):
            return math.nan
        if header not in OF_SPECTRUM and any(self._is_spectrum(source) for source in sources):
            return math.nan
        with np.errstate(all="ignore"):
            return float(measure(*traces))

    def ready(self) -> Handler:
        """See how far the acquisition is; running freely, acquire once."""
        self.control.look()
        yield from self.control.snapshot()

    # --------------------------------------------------------------------------------------------- on the screen

    def put(self, header: str, name: str, sources: tuple[str, ...], measure: Callable[..., float]) -> None:
        """Put a measurement on the screen."""
        numbers = "-".join(source.removeprefix("CHAN").replace("FUNC", "f") for source in sources)
        full = f"{name}({numbers})"
        self.installed = [found for found in self.installed if found.name != full]
        while len(self.installed) >= self.data_sheet.measurements:
            self.installed.pop(0)
        self.installed.append(Installed(full, header, sources, measure))
        self._taken = ()

    def _acquired(self) -> tuple[object, ...]:
        return (self.records.acquisition, self.records.segment)

    def take(self) -> None:
        """Take the measurements on the screen of the acquisition that has just ended, for their statistics."""
        acquired = self._acquired()
        if not self.installed or acquired == self._taken or acquired[0] is None:
            return
        self._taken = acquired
        for found in self.installed:
            if self.highest_count == "INF" or len(found.values) < int(self.highest_count):
                found.take(self.measured(found.header, found.sources, found.measure))

    @command(":MEASure:RESults?")
    def results(self) -> Handler:
        """``:MEAS:RES?``: the measurements on the screen, with the statistics that are shown."""
        yield from self.ready()
        self.take()
        parts: list[str] = []
        for found in self.installed:
            values = np.array(found.values) if found.values else np.array([math.nan])
            spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            if self.relative_deviation:
                spread = spread / float(np.mean(values)) if np.mean(values) else math.nan
            statistics = {
                "CURR": found.current, "MIN": float(values.min()), "MAX": float(values.max()),
                "MEAN": float(values.mean()), "STDD": spread, "COUN": float(len(found.values))}
            if self.shown_statistic == "ON":
                parts += [found.name, *(self.format_number(value) for value in statistics.values())]
            else:
                parts.append(self.format_number(statistics[self.shown_statistic]))
        return ",".join(parts)

    @command(":MEASure:STATistics:RESet")
    def _reset_statistics(self) -> None:
        for found in self.installed:
            found.values, found.current = [], math.nan
        self._taken = ()

    @command(":MEASure:STATistics:INCRement")
    def _increment(self) -> None:
        """``:MEAS:STAT:INCR``: the statistics take the present values once more."""
        self._taken = ()
        self.take()

    @command(":MEASure:CLEar")
    def clear(self) -> None:
        """``:MEAS:CLE``: no measurement on the screen."""
        self.installed = []

    def analyse_segments(self) -> None:
        """Take the measurements of all segments."""
        acquisition, shown = self.records.acquisition, self.setting_values.get(("segment_index", ()))
        if acquisition is None or acquisition.plan.averaged:
            return
        for number in range(1, len(acquisition.records) + 1):
            self.setting_values["segment_index", ()] = number
            self.take()
        if shown is None:
            del self.setting_values["segment_index", ()]
        else:
            self.setting_values["segment_index", ()] = shown
