"""Ramp-rate series: I-V sweeps at several ramp rates of the source meter."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.protocol import IVSweep
from tsbench.protocols.ramp_rate_series.acquisition import acquire
from tsbench.protocols.ramp_rate_series.parameters import RampRateParameters
from tsbench.protocols.ramp_rate_series.plan import plan_rates
from tsbench.records import Column, Recorder, Result, Run, Step


class RampRateSeries(RampRateParameters, IVSweep):
    """Sweep the device at several ramp rates, and see how threshold and hold depend on the rate.

    A source meter reaches a few volts per second at most; the results state the rate by the times of the readings.
    """

    name: ClassVar[str] = "ramp_rate_series"
    title: ClassVar[str] = "Ramp-rate series"
    columns: ClassVar[tuple[Column, ...]] = (
        *IVSweep.columns, Column("rate", "V/s", "ramp rate that was asked for"))

    def plan(self, station: Station) -> Plan:
        """Predict sweeps, duration, and worst case and dose at the device; refuse what a limit or the meter forbids."""
        return plan_rates(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Sweep at each rate; the source is at zero between the sweeps."""
        yield from acquire(self, station, recorder)

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return threshold and hold at each rate, and the change of the threshold per decade."""
        from tsbench.protocols.ramp_rate_series.extraction import rate_results

        return rate_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the I-V curves, and threshold and hold over the ramp rate."""
        from tsbench.protocols.ramp_rate_series.figure import rate_figures

        yield from super().figures(run, options)
        yield from rate_figures(run, options)
