"""I-V sweep: a source meter steps through levels under compliance and reads voltage and current at each."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.acquisition import SweepAcquisition
from tsbench.protocols.iv_sweep.parameters import DRIVE_UNITS, SweepParameters
from tsbench.protocols.iv_sweep.plan import plan_sweep
from tsbench.protocols.protocol import Protocol
from tsbench.records import DEVICE_VOLTAGE, Column, Recorder, Result, Run, Step


class IVSweep(SweepParameters, Protocol):
    """Sweep a source meter from start to stop and back, in cycles, and record voltage and current.

    Where a scope sees the device it checks every few readings whether the device oscillates at that level;
    without one, or with the check switched off, the source meter runs each cycle natively.
    """

    name: ClassVar[str] = "iv_sweep"
    title: ClassVar[str] = "I-V sweep"
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the point, from 0"),
        Column("time", "s", "time of the reading, on the bench's clock"),
        Column("cycle", "", "number of the cycle, from 1"),
        Column("direction", "", "+1 on the way away from zero, -1 on the way back"),
        Column("polarity", "", "+1 or -1"),
        Column("set_point", "", "level of the source: V under voltage drive, A under current drive"),
        Column("voltage", "V", "voltage at the source meter's terminals"),
        Column("current", "A", "current through the source meter"),
        DEVICE_VOLTAGE,
    )

    def table(self) -> tuple[Column, ...]:
        """Return the columns; the set-point has the unit of the drive."""
        unit = DRIVE_UNITS[self.drive][0]
        return tuple(replace(column, unit=unit) if column.name == "set_point" else column for column in self.columns)

    def plan(self, station: Station) -> Plan:
        """Predict points, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_sweep(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Ramp to start, sweep, ramp back to zero, output off."""
        yield from SweepAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return threshold and hold of each half-sweep, and the onset of an oscillation."""
        from tsbench.protocols.iv_sweep.extraction import thresholds

        return thresholds(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device did not switch and come back, or what the scope may have missed; "" for neither."""
        from tsbench.protocols.iv_sweep.extraction import looked_too_seldom, on_at_last_level

        return super().device_remark(run) or on_at_last_level(run) or looked_too_seldom(run)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the I-V curve and the distribution of thresholds."""
        from tsbench.protocols.iv_sweep.figure import sweep_figures

        return sweep_figures(run, options)
