"""How often a pulse of an amplitude fires, by as many pulses as its interval needs."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.adapting.chooser import COLUMNS, CONDITIONING
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.firing_probability.acquisition import SearchByPulses
from tsbench.protocols.firing_probability.parameters import ProbabilityParameters
from tsbench.protocols.firing_probability.plan import plan_search
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class FiringProbability(ProbabilityParameters, Protocol):
    """Find how often a pulse of an amplitude fires, with as few pulses as the interval needs.

    At each amplitude, pulses are sent until the interval of the probability is narrow enough, or until the budget is
    spent. A probability near 0 or 1 takes fewer pulses than one of a half.
    """

    name: ClassVar[str] = "firing_probability"
    title: ClassVar[str] = "Firing probability: as many pulses as needed"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pulse", "", "number of the pulse, from 0, in order of time"),
        Column("time", "s", "time of the trigger, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of the pulse, at 50 %"),
        Column("rest", "s", "time since the end of the previous pulse (0 for the first pulse)"),
        *COLUMNS,
        CONDITIONING,
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_search(self, station, "amplitude")

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pulses of each amplitude until its interval is narrow enough; the generator ends off."""
        from tsbench.protocols.firing_probability.extraction import probability_choosers

        choosers = probability_choosers(self, station.fixture)
        yield from SearchByPulses(self, station, recorder, choosers, self.budget).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the firing probability at each amplitude."""
        from tsbench.protocols.firing_probability.extraction import probability_results

        return probability_results(run)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the course of the pulses and the firing curve."""
        from tsbench.protocols.firing_probability.figure import probability_figures

        return probability_figures(run)
