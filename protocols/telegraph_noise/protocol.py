"""Telegraph noise: the current at constant low voltages, sampled evenly, for jumps between two levels."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.telegraph_noise.acquisition import TelegraphAcquisition
from tsbench.protocols.telegraph_noise.parameters import TelegraphParameters
from tsbench.protocols.telegraph_noise.plan import plan_telegraph
from tsbench.records import DEVICE_VOLTAGE, Column, Recorder, Result, Run, Step


class TelegraphNoise(TelegraphParameters, Protocol):
    """Sample the current at constant voltages below the threshold, and look for jumps between two levels.

    The source meter takes the readings by itself, so that they are even in time. Jumps that are faster than its
    readings are averages.
    """

    name: ClassVar[str] = "telegraph_noise"
    title: ClassVar[str] = "Telegraph noise"
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the reading, from 0"),
        Column("time", "s", "time of the reading, on the bench's clock"),
        Column("record", "", "number of the record, from 0; between two records the output may have been off"),
        Column("set_point", "V", "level of the source"),
        Column("voltage", "V", "voltage at the source meter's terminals"),
        Column("current", "A", "current through the source meter"),
        DEVICE_VOLTAGE,
    )

    def plan(self, station: Station) -> Plan:
        """Predict readings, duration, and worst case and dose at the device; refuse what a limit forbids."""
        return plan_telegraph(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Sample the current at each voltage; the source ends at zero with its output off."""
        yield from TelegraphAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return amplitude, relative amplitude and mean times of the telegraph noise at each voltage."""
        from tsbench.protocols.telegraph_noise.extraction import telegraph_results

        return telegraph_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the current over time at each voltage."""
        from tsbench.protocols.telegraph_noise.figure import telegraph_figures

        return telegraph_figures(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return nothing: a device without telegraph noise is no worse for it."""
        return ""
