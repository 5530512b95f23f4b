"""The refractory period by pulse pairs whose gap is chosen one by one."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.adapting.chooser import COLUMNS
from tsbench.protocols.adaptive_refractory.acquisition import RefractorySearch
from tsbench.protocols.adaptive_refractory.parameters import RefractoryParameters
from tsbench.protocols.adaptive_refractory.plan import plan_refractory
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class AdaptiveRefractory(RefractoryParameters, Protocol):
    """Find the refractory period with as few pairs of pulses as its interval needs.

    After each pair, Bayes' rule tells what the outcome leaves of the refractory period, of the width and the form of
    the recovery, and of the firing probability after long gaps. The next gap is the one that is expected to narrow the
    interval most. At each amplitude, the search ends when the interval is narrow enough, or when the budget of pairs is
    spent. A pair whose first pulse does not fire does not count, but it belongs to the budget.
    """

    name: ClassVar[str] = "adaptive_refractory"
    title: ClassVar[str] = "Adaptive refractory period: few pairs"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pair", "", "number of the pair, from 0, in order of time"),
        Column("time", "s", "time of the first pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of each pulse, at 50 %"),
        Column("gap", "s", "time from the fall of the first to the rise of the second pulse, at 50 %"),
        Column("rest", "s", "time since the end of the previous pair (0 for the first pair)"),
        COLUMNS[0],
        *(Column(column.name, "s", column.help) for column in COLUMNS[1:]),
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_refractory(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send one pair after another, each chosen by the ones before; the generator rests at base and ends off."""
        from tsbench.protocols.adaptive_refractory.extraction import refractory_choosers

        yield from RefractorySearch(self, station, recorder, refractory_choosers(self, station.fixture)).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the refractory period, the probability after long gaps and the one of first pulses."""
        from tsbench.protocols.adaptive_refractory.extraction import refractory_results

        return refractory_results(run)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the recovery and the course of the search."""
        from tsbench.protocols.adaptive_refractory.figure import refractory_figures

        return refractory_figures(run)
