"""Compliance series: I-V sweeps at several compliance currents of the source meter."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.compliance_series.acquisition import acquire
from tsbench.protocols.compliance_series.parameters import ComplianceSeriesParameters
from tsbench.protocols.compliance_series.plan import plan_compliances
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.protocol import IVSweep
from tsbench.records import Column, Recorder, Result, Run, Step


class ComplianceSeries(ComplianceSeriesParameters, IVSweep):
    """Sweep the device at several compliance currents, and see how hold and the next threshold depend on them.

    The compliance sets how thick a filament grows and how hot a Mott device gets, and with them the hold voltage.
    """

    name: ClassVar[str] = "compliance_series"
    title: ClassVar[str] = "Compliance series"
    columns: ClassVar[tuple[Column, ...]] = (
        *IVSweep.columns, Column("compliance", "A", "compliance current"))

    def plan(self, station: Station) -> Plan:
        """Predict sweeps, duration, and worst case and dose at the device; refuse what a limit or the meter forbids."""
        return plan_compliances(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Sweep at each compliance; the source is at zero between the sweeps."""
        yield from acquire(self, station, recorder)

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return threshold and hold at each compliance, and their change per decade."""
        from tsbench.protocols.compliance_series.extraction import compliance_results

        return compliance_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the I-V curves, and threshold and hold over the compliance current."""
        from tsbench.protocols.compliance_series.figure import compliance_figures

        yield from super().figures(run, options)
        yield from compliance_figures(run, options)
