"""Endurance: cycles of a write and a read pulse, every one recorded, until the device fails by a stated criterion."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.endurance.acquisition import EnduranceAcquisition
from tsbench.protocols.endurance.parameters import EnduranceParameters
from tsbench.protocols.endurance.plan import plan_endurance
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class Endurance(EnduranceParameters, Protocol):
    """Switch the device on and off in cycles of a write and a read pulse until it fails, and record every cycle.

    A cycle fails if the resistance at the end of the write pulse is above ``on_below``, or during the read pulse below
    ``off_above``, by evidence. A row of ``failures`` such cycles ends the run; a run without it gives a lower bound.
    """

    name: ClassVar[str] = "endurance"
    title: ClassVar[str] = "Endurance"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the cycle, from 0"),
        Column("time", "s", "time of the write pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "height of the write pulse, at the unloaded output of the generator"),
        Column("width", "s", "width of the write pulse, at 50 %"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict cycles, duration, and worst case and dose at the device; refuse what a limit forbids."""
        return plan_endurance(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the cycles in bursts and record them; the generator rests at 0 V between and ends off."""
        yield from EnduranceAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return cycles to failure, share of failed cycles, and both resistances by decade of cycles."""
        from tsbench.protocols.endurance.extraction import endurance_results

        return endurance_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the resistances of every cycle."""
        from tsbench.protocols.endurance.figure import endurance_figures

        return endurance_figures(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device failed."""
        from tsbench.protocols.endurance.extraction import endurance_remark

        return endurance_remark(run)
