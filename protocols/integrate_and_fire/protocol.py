"""Integrate and fire: how many pulses of a train it takes until the device fires."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.integrate_and_fire.acquisition import IntegrateAcquisition
from tsbench.protocols.integrate_and_fire.parameters import IntegrateParameters
from tsbench.protocols.integrate_and_fire.plan import plan_integrate
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class IntegrateAndFire(IntegrateParameters, Protocol):
    """Send trains of pulses of every amplitude, width and period in random order, and count pulses until it fires.

    Each train is one record, so that the scope misses no pulse of it. Before each train the device rests. Combinations
    whose pulse does not fit into the period are left out.
    """

    name: ClassVar[str] = "integrate_and_fire"
    title: ClassVar[str] = "Integrate and fire"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the train, from 0, in order of time"),
        Column("time", "s", "time of its first edge, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of each pulse, at 50 %"),
        Column("period", "s", "time from pulse to pulse"),
        Column("rest", "s", "time since the end of the train before"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict trains, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_integrate(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send and record the trains; the generator rests at base between and ends off."""
        yield from IntegrateAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the count of each train, and its distribution over the trains of each kind."""
        from tsbench.protocols.integrate_and_fire.extraction import integrate_and_fire

        return integrate_and_fire(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device did not behave as a threshold switch, train by train; "" if it did."""
        from tsbench.protocols.extracting.device_condition import remark_on_stands
        from tsbench.protocols.integrate_and_fire.extraction import stands

        return remark_on_stands(stands(run), "switching")

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the share of trains that have fired by each pulse, for each width and period."""
        from tsbench.protocols.integrate_and_fire.figure import integrate_figures

        return integrate_figures(run, options)
