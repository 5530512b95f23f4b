"""The amplitude at which a pulse fires every second time, by pulses whose amplitude is chosen one by one."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.adapting.chooser import COLUMNS, CONDITIONING
from tsbench.protocols.adaptive_threshold.acquisition import SearchByPulses
from tsbench.protocols.adaptive_threshold.parameters import ThresholdParameters
from tsbench.protocols.adaptive_threshold.plan import plan_search
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class AdaptiveThreshold(ThresholdParameters, Protocol):
    """Find the amplitude that fires every second pulse with as few pulses as its interval needs.

    After each pulse, Bayes' rule tells what the outcome leaves of the threshold, of its spread from pulse to pulse and
    of the form of the firing curve. The next amplitude is the one that is expected to narrow the interval most. The run
    ends when the interval is narrow enough, or when the budget of pulses is spent.
    """

    name: ClassVar[str] = "adaptive_threshold"
    title: ClassVar[str] = "Adaptive threshold: few pulses"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pulse", "", "number of the pulse, from 0, in order of time"),
        Column("time", "s", "time of the trigger, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of the pulse, at 50 %"),
        Column("rest", "s", "time since the end of the previous pulse (0 for the first pulse)"),
        COLUMNS[0],
        *(Column(column.name, "V", column.help) for column in COLUMNS[1:]),
        CONDITIONING,
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_search(self, station, "highest")

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send one pulse after another, each chosen by the ones before; the generator ends off."""
        from tsbench.protocols.adaptive_threshold.extraction import threshold_chooser

        chooser = threshold_chooser(self, station.fixture)
        yield from SearchByPulses(self, station, recorder, iter([chooser]), self.budget).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the threshold amplitude and the width of the firing curve."""
        from tsbench.protocols.adaptive_threshold.extraction import threshold_results

        return threshold_results(run)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the firing curve and the course of the search."""
        from tsbench.protocols.adaptive_threshold.figure import threshold_figures

        return threshold_figures(run)
