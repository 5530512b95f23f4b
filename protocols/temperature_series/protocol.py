"""Temperature series: I-V sweeps at several temperatures of the chuck."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.protocol import IVSweep
from tsbench.protocols.temperature_series.acquisition import acquire
from tsbench.protocols.temperature_series.parameters import TemperatureSeriesParameters
from tsbench.protocols.temperature_series.plan import plan_temperatures
from tsbench.records import Column, Recorder, Result, Run, Step


class TemperatureSeries(TemperatureSeriesParameters, IVSweep):
    """Sweep the device at several temperatures of the chuck, each after the chuck is stable.

    The results are threshold and hold over temperature with their slopes, and the activation energy of the resistance
    at low voltage.
    """

    name: ClassVar[str] = "temperature_series"
    title: ClassVar[str] = "Temperature series"
    columns: ClassVar[tuple[Column, ...]] = (
        *IVSweep.columns, Column("temperature", "K", "temperature of the chuck before the sweep"))

    def plan(self, station: Station) -> Plan:
        """Predict sweeps, duration, and worst case and dose at the device; refuse what a limit or the chuck forbids."""
        return plan_temperatures(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Bring the chuck to each temperature with the output off, then sweep."""
        yield from acquire(self, station, recorder)

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return threshold and hold at each temperature, their slopes, and the activation energy."""
        from tsbench.protocols.temperature_series.extraction import temperature_results

        return temperature_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the I-V curves, and what depends on the temperature."""
        from tsbench.protocols.temperature_series.figure import temperature_figures

        yield from super().figures(run, options)
        yield from temperature_figures(run, options)
