"""Relaxation: a pulse switches the device on, then its current at a low read level is followed until it is off."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.relaxation.acquisition import RelaxationAcquisition
from tsbench.protocols.relaxation.parameters import RelaxationParameters
from tsbench.protocols.relaxation.plan import plan_relaxation
from tsbench.records import Column, Recorder, Result, Run, Step


class Relaxation(RelaxationParameters, Protocol):
    """Switch the device on with a pulse, then record its current at a sub-threshold read level until it has relaxed.

    One record of the scope's memory holds the pulse and the time after it, so that the current is known from one
    sample after the falling edge to the end of the window. The relaxation time runs from the falling edge (50 %) to
    the current staying below ``level``, or below ``fraction`` of what it is right after the edge.
    """

    name: ClassVar[str] = "relaxation"
    title: ClassVar[str] = "Relaxation after a pulse"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("shot", "", "number of the pulse, from 0"),
        Column("time", "s", "time of the pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "voltage above the read level, at the unloaded output of the generator"),
        Column("width", "s", "width of the pulse, at 50 %"),
        Column("rest", "s", "time since the end of the previous record (0 for the first record)"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_relaxation(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pulses of each amplitude and record them; the generator rests at base between and ends off."""
        yield from RelaxationAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the relaxation time of each pulse, and median, mean and firing probability at each amplitude."""
        from tsbench.protocols.relaxation.extraction import relaxation

        return relaxation(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the currents after pulses of each amplitude."""
        from tsbench.protocols.relaxation.figure import relaxation_figures

        return relaxation_figures(run, options)
