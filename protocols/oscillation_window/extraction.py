"""A search for the oscillation window to numbers: its two edges; and which bias to look at next."""

import math
from collections.abc import Sequence

from tsbench.analysis.adaptive.window import Edge, WindowLook, next_bias, window_edges
from tsbench.analysis.statistics import expanded
from tsbench.protocols.adapting.chooser import Chooser
from tsbench.protocols.extracting.facts import level_limit, parameter
from tsbench.protocols.extracting.signals import device_record
from tsbench.protocols.oscillation.extraction import measured_oscillation, oscillation_records, tells
from tsbench.protocols.oscillation_window.parameters import WindowParameters
from tsbench.protocols.pulses.pairs import PulseRecord
from tsbench.quantities import format_quantity
from tsbench.records import Fixture, Flag, Result, Run

#: records in succession without a judgement after which a search gives up
_MOST_MISSED = 3
_METHOD = ("the edge lies between two biases, each from 0 V and looked at twice; found by bisection; with the stated "
           "accuracy of the source. The oscillation at the edge may be a small one in which the device does not switch")


class WindowChooser:
    """Chooses each bias by bisection: as of :class:`~tsbench.protocols.adapting.chooser.Chooser`."""

    def __init__(self, settings: WindowParameters, fixture: Fixture) -> None:
        self._settings, self._fixture = settings, fixture
        self._sign = math.copysign(1.0, settings.highest)
        self._looks: list[WindowLook] = []
        self._sent = self._missed = 0
        self.reason = ""

    @property
    def progress(self) -> str:
        """How many records of the budget are used, and how narrow the brackets of the two edges are."""
        edges = window_edges(self._looks)
        now = "no oscillation yet" if edges is None else ", ".join(
            f"{name} " + ("not bracketed" if edge.low is None or edge.high is None else
                          f"within {format_quantity(edge.width(), 'V')}")
            for name, edge in zip(("onset", "end"), edges, strict=True))
        return f"{self._sent} of at most {self._settings.budget}; {now}; " \
               f"{format_quantity(self._settings.interval, 'V')} wanted"

    def next_stimulus(self) -> float | None:
        """Return the next bias [V]; None once both edges are known or the budget is spent."""
        settings = self._settings
        bias = next_bias(self._looks, abs(settings.lowest), abs(settings.highest), settings.points, settings.interval)
        if bias is not None and self._sent < settings.budget and self._missed < _MOST_MISSED:
            return self._sign * bias
        why = ("the edges are known" if bias is None and window_edges(self._looks) else
               "no bias oscillates" if bias is None else
               f"{_MOST_MISSED} records in succession could not be judged" if self._missed >= _MOST_MISSED else
               "the budget is spent before the edges are known well enough")
        self.reason = f"the search for the oscillation window ended after {self._sent} of at most " \
                      f"{settings.budget} records: {why}"
        return None

    def told(self, stimulus: float, records: Sequence[PulseRecord], flags: Flag) -> tuple[float, float, float]:
        """Judge a record; return whether it oscillates (NaN: not known), and the range searched."""
        self._sent += 1
        found = None
        if records:
            record = device_record({one.channel: one for one in records[0]}, self._fixture)
            found = measured_oscillation(record, timebase=0.0) if record.times.size else None
            found = None if found is None or not tells(record, found[1]) else found
        if found is None:
            self._missed += 1
            return math.nan, self._settings.lowest, self._settings.highest
        self._missed = 0
        oscillates = found[1].frequency is not None
        self._looks.append(WindowLook(abs(stimulus), oscillates))
        return float(oscillates), self._settings.lowest, self._settings.highest


def window_chooser(settings: WindowParameters, fixture: Fixture) -> Chooser:
    """Return what chooses the biases of a run."""
    return WindowChooser(settings, fixture)


def window_looks(run: Run) -> list[WindowLook]:
    """Return the records of a run in order of time."""
    return [WindowLook(abs(float(record.conditions["bias"])), found.frequency is not None)
            for record, _, found in oscillation_records(run) if tells(record, found)]


def window_results(run: Run) -> list[Result]:
    """Return onset and end of the oscillation.

    NO_EVENT: no record oscillates. CENSORED: the window goes on to the end of the range. AMBIGUOUS: records at the same
    bias disagree, so the edge is not sharp. TOO_FEW: the bracket is wider than was asked, for the run was stopped or
    its budget spent.
    """
    looks = window_looks(run)
    sign, width = math.copysign(1.0, float(parameter(run, "highest"))), float(parameter(run, "interval"))
    conditions: dict[str, object] = {
        "load_resistance": run.header.fixture.path_resistance.get("bias", 0.0),
        "parallel_capacitance": run.header.fixture.parallel_capacitance, "records": len(looks)}
    edges = window_edges(looks)
    if edges is None:
        return [Result(name, "V", None, None, None, _METHOD, conditions, Flag.NO_EVENT)
                for name in ("oscillation_onset", "oscillation_end")]
    return [_edge_result(name, edge, sign, width, conditions, run)
            for name, edge in zip(("oscillation_onset", "oscillation_end"), edges, strict=True)]


def _edge_result(
    name: str, edge: Edge, sign: float, width: float, conditions: dict[str, object], run: Run
) -> Result:
    flags = Flag.NONE if edge.sharp else Flag.AMBIGUOUS
    # a bracket that is moved by what 95 % of the errors of the source stay within
    ends = [None if end is None else sign * (end + away * expanded(0.0, level_limit(run.header, "bias", end)))
            for end, away in ((edge.low, -1.0), (edge.high, 1.0))]
    low, high = ends if sign > 0 else ends[::-1]
    if low is None or high is None:
        return Result(name, "V", None, low, high, _METHOD, conditions, flags | Flag.CENSORED)
    if edge.sharp and edge.width() > width * (1 + 1e-9):
        flags |= Flag.TOO_FEW
    return Result(name, "V", 0.5 * (low + high), low, high, _METHOD, conditions, flags)
