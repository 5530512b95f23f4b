"""Retention: how long a device stays on after a stimulus, by reads of the source meter from milliseconds to days."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.retention.acquisition import RetentionAcquisition
from tsbench.protocols.retention.parameters import RetentionParameters
from tsbench.protocols.retention.plan import plan_retention
from tsbench.records import DEVICE_VOLTAGE, Column, Recorder, Result, Run, Step


class Retention(RetentionParameters, Protocol):
    """Switch the device on, then read its resistance at times that are evenly spaced in their logarithm.

    It is for times beyond the record of a scope; for shorter ones there is ``relaxation``. Each read is due at a time
    after the stimulus, so that a slow read does not shift the later ones.
    """

    name: ClassVar[str] = "retention"
    title: ClassVar[str] = "Retention"
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the reading, from 0"),
        Column("time", "s", "time at which the reading began, on the bench's clock"),
        Column("repeat", "", "number of the stimulus, from 0"),
        Column("phase", "", "0: before the stimulus, 1: at its end, 2: after it"),
        Column("since", "s", "shortest time from the end of the stimulus to the beginning of the reading"),
        Column("until", "s", "longest time from the end of the stimulus to the end of the reading"),
        Column("set_point", "V", "level of the source"),
        Column("voltage", "V", "voltage at the source meter's terminals"),
        Column("current", "A", "current through the source meter"),
        DEVICE_VOLTAGE,
    )

    def plan(self, station: Station) -> Plan:
        """Predict readings, duration, and worst case and dose at the device; refuse what a limit forbids."""
        return plan_retention(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Read, switch on, read at the times due; the source ends at zero with its output off."""
        yield from RetentionAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the retention time after each stimulus, and the median."""
        from tsbench.protocols.retention.extraction import retention_results

        return retention_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the resistance over the time since the stimulus."""
        from tsbench.protocols.retention.figure import retention_figures

        return retention_figures(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return why no stimulus gives a retention time."""
        from tsbench.protocols.retention.extraction import retention_remark

        return retention_remark(run)
