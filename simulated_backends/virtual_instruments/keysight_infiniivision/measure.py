"""The commands MEASure of the InfiniiVision oscilloscopes: measurements of the record that is on the screen.

A command puts a measurement on the screen, a query measures at once. What cannot be measured is 9.9E+37. One
measurement too many on the screen replaces the oldest.
"""

from collections.abc import Callable

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import (
    AnyOf,
    Choice,
    Many,
    Number,
    Optional,
    long_and_short,
)
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.measured import (
    ALONE,
    INTERVAL,
    PAIRED,
)
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.results import ResultCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.thresholds import (
    slope_and_occurrence,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

_SOURCE = SourceName("CHAN", "FUNC", "WMEM", "FFT", "EXT")
_WHERE = Many(AnyOf(Choice("CYCLe", "DISPlay"), Choice("AC", "DC"), _SOURCE), maximum=3)
_SINGLE = {long_and_short(header)[1]: (header, *found) for header, found in ALONE.items()}
_OVER = {long_and_short(header)[1]: (header, *found) for header, found in INTERVAL.items()}
_BOTH = {long_and_short(header)[1]: (header, *found) for header, found in PAIRED.items()}
_ALTERNATIVES = "|".join(ALONE)


class MeasureCommands(ScopeTable):
    """What the headers of measurements do.

    Parameters
    ----------
    scope : ScopeBase
    results : ResultCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, results: ResultCommands) -> None:
        super().__init__(scope)
        self.results = results
        self.thresholds = results.thresholds

    def _query(self, header: str, sources: tuple[str, ...], measure: Callable[..., float]) -> Handler:
        yield from self.results.ready()
        return self.format_number(self.results.measured(header, sources, measure))

    # ------------------------------------------------------------------------------------------ the measurements

    def _first(self, source: str | None) -> str:
        return source or self.thresholds.sources[0]

    def _two(self, first: str | None, second: str | None) -> tuple[str, str]:
        other = second or self.thresholds.sources[1]
        return self._first(first), other if other != "NONE" else "CHAN2"

    @command(f":MEASure:{{{_ALTERNATIVES}}}", Optional(_SOURCE))
    def _install(self, which: str, source: str | None = None) -> None:
        header, name, measure = _SINGLE[which]
        self.results.put(header, name, (self._first(source),), measure)

    @command(f":MEASure:{{{_ALTERNATIVES}}}?", Optional(_SOURCE))
    def _measure(self, which: str, source: str | None = None) -> Handler:
        header, _, measure = _SINGLE[which]
        return self._query(header, (self._first(source),), measure)

    def _over(self, which: str, words: tuple[str, ...]) -> tuple[str, str, str, Callable[[ShownTrace], float]]:
        """Return header, name, source and measurement for the words [interval][, AC or DC][, source]."""
        header, name, measure = _OVER[which]
        cycles, ac, source = False, False, self.thresholds.sources[0]
        for word in words:
            if word in ("CYCL", "DISP"):
                cycles = word == "CYCL"
            elif word in ("AC", "DC") and which == "VRMS":
                ac = word == "AC"
            elif word in ("AC", "DC"):
                raise ScpiError(-224)
            else:
                source = word
        options = {"ac": ac} if which == "VRMS" else {}
        full = f"{'AC ' if ac else 'DC ' if which == 'VRMS' else ''}{name} - {'Cyc' if cycles else 'FS'}"
        return header, full, source, lambda trace: measure(trace, cycles, **options)

    @command(f":MEASure:{{{'|'.join(INTERVAL)}}}", _WHERE)
    def _install_over(self, which: str, *words: str) -> None:
        header, name, source, measure = self._over(which, words)
        self.results.put(header, name, (source,), measure)

    @command(f":MEASure:{{{'|'.join(INTERVAL)}}}?", _WHERE)
    def _measure_over(self, which: str, *words: str) -> Handler:
        header, _, source, measure = self._over(which, words)
        return self._query(header, (source,), measure)

    @command(f":MEASure:{{{'|'.join(PAIRED)}}}", Optional(_SOURCE), Optional(_SOURCE))
    def _install_both(self, which: str, first: str | None = None, second: str | None = None) -> None:
        header, name, measure = _BOTH[which]
        self.results.put(header, name, self._two(first, second), measure)

    @command(f":MEASure:{{{'|'.join(PAIRED)}}}?", Optional(_SOURCE), Optional(_SOURCE))
    def _measure_both(self, which: str, first: str | None = None, second: str | None = None) -> Handler:
        header, _, measure = _BOTH[which]
        if which == "DEL":
            edges = self.thresholds.delay_edges
            return self._query(header, self._two(first, second),
                               lambda one, other: measurements.delay(one, other, edges))
        return self._query(header, self._two(first, second), measure)

    @command(":MEASure:VRATio", _WHERE)
    def _install_ratio(self, *words: str) -> None:
        sources, measure = self._ratio(words)
        self.results.put("VRATio", "Ratio", sources, measure)

    @command(":MEASure:VRATio?", _WHERE)
    def _measure_ratio(self, *words: str) -> Handler:
        return self._query("VRATio", *self._ratio(words))

    def _ratio(self, words: tuple[str, ...]) -> tuple[tuple[str, str], Callable[..., float]]:
        names = [word for word in words if word not in ("CYCL", "DISP")]
        if any(name in ("AC", "DC") for name in names):
            raise ScpiError(-224)
        cycles = "DISP" not in words
        first, second = (*names, None, None)[:2]
        return self._two(first, second), lambda one, other: measurements.ratio(one, other, cycles)

    @command(":MEASure:TEDGe?", slope_and_occurrence, Optional(_SOURCE))
    def _edge_time(self, which: tuple[str, int], source: str | None = None) -> Handler:
        return self._query("TEDGe", (self._first(source),), lambda trace: measurements.edge_time(trace, *which))

    @command(":MEASure:TVALue?", Number(), slope_and_occurrence, Optional(_SOURCE))
    def _crossing_time(self, level: float, which: tuple[str, int], source: str | None = None) -> Handler:
        return self._query(
            "TVALue", (self._first(source),), lambda trace: measurements.crossing_time(trace, level, *which))

    @command(":MEASure:VTIMe?", Number("S"), Optional(_SOURCE))
    @command(":MEASure:YATX?", Number("S"), Optional(_SOURCE))
    def _value_at(self, time: float, source: str | None = None) -> Handler:
        return self._query("VMAX", (self._first(source),), lambda trace: trace.at(time))
