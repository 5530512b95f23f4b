"""How often a pulse of one amplitude fires, by pulses whose amplitude is chosen one by one."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.adapting.chooser import COLUMNS
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.firing_probability.acquisition import AmplitudeSearch
from tsbench.protocols.firing_probability.parameters import ProbabilityParameters
from tsbench.protocols.firing_probability.plan import plan_search
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class FiringProbability(ProbabilityParameters, Protocol):
    """Find how often a pulse of one amplitude fires, with as few pulses as the interval needs.

    After each pulse, Bayes' rule tells what the outcome leaves of the firing curve. Most pulses have the amplitude that
    is asked for; another one is sent only where it tells more about it. The run ends when the interval is narrow
    enough, or when the budget of pulses is spent.
    """

    name: ClassVar[str] = "firing_probability"
    title: ClassVar[str] = "Firing probability at one amplitude"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pulse", "", "number of the pulse, from 0, in order of time"),
        Column("time", "s", "time of the trigger, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of the pulse, at 50 %"),
        Column("rest", "s", "time since the end of the previous pulse (0 for the first pulse)"),
        *COLUMNS,
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_search(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send one pulse after another, each chosen by the ones before; the generator ends off."""
        from tsbench.protocols.firing_probability.extraction import probability_chooser

        yield from AmplitudeSearch(self, station, recorder, probability_chooser(self, station.fixture)).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the firing probability at the amplitude and the width of the firing curve."""
        from tsbench.protocols.firing_probability.extraction import probability_results

        return probability_results(run)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the firing curve and the course of the search."""
        from tsbench.protocols.firing_probability.figure import probability_figures

        return probability_figures(run)
