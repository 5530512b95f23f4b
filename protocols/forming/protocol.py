"""Forming: ramps under rising compliance until a fresh device first switches, with a read at low voltage between."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.forming.acquisition import FormingAcquisition
from tsbench.protocols.forming.parameters import FormingParameters
from tsbench.protocols.forming.plan import plan_forming
from tsbench.protocols.protocol import Protocol
from tsbench.records import DEVICE_VOLTAGE, Column, Recorder, Result, Run, Step


class Forming(FormingParameters, Protocol):
    """Form a fresh device: ramp in stages of rising compliance until it switches, and read it between the stages.

    A ramp ends at the first jump of the current that two more readings confirm, or when two readings in a row are in
    compliance. The numbers of this run have names of their own and are no thresholds.
    """

    name: ClassVar[str] = "forming"
    title: ClassVar[str] = "Forming"
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the reading, from 0"),
        Column("time", "s", "time of the reading, on the bench's clock"),
        Column("stage", "", "number of the stage, from 1; 0 for the read before the first"),
        Column("phase", "", "0: read at low voltage, 1: ramp, 2: ramp after forming"),
        Column("direction", "", "+1 on the way away from zero, -1 on the way back"),
        Column("compliance", "A", "compliance current"),
        Column("set_point", "V", "level of the source"),
        Column("voltage", "V", "voltage at the source meter's terminals"),
        Column("current", "A", "current through the source meter"),
        DEVICE_VOLTAGE,
    )

    def plan(self, station: Station) -> Plan:
        """Predict readings, duration, and worst case and dose at the device; refuse what a limit forbids."""
        return plan_forming(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Read, ramp in stages, read after each, confirm; the source ends at zero with its output off."""
        yield from FormingAcquisition(self, station, recorder, self.plan(station).steps).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return forming voltage and current, the resistances between the stages, and the shift by forming."""
        from tsbench.protocols.forming.extraction import forming_results

        return forming_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the ramps and the resistances between them."""
        from tsbench.protocols.forming.figure import forming_figures

        return forming_figures(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the forming did not go as meant."""
        from tsbench.protocols.forming.extraction import forming_remark

        return forming_remark(run)
