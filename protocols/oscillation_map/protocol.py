"""Oscillation map: frequency over bias, load, capacitance and temperature."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.oscillation_map.acquisition import MapAcquisition
from tsbench.protocols.oscillation_map.parameters import MapParameters
from tsbench.protocols.oscillation_map.plan import plan_map
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class OscillationMap(MapParameters, Protocol):
    """Record the device voltage at each bias, for each load resistance, capacitance and temperature in turn.

    Load and capacitance are set by decade boxes, a gate or the operator, always with all outputs off. The temperature
    changes least often, because the chuck takes long to become stable.
    """

    name: ClassVar[str] = "oscillation_map"
    title: ClassVar[str] = "Oscillation map"
    roles: ClassVar[tuple[str, ...]] = ("bias", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the record, from 0"),
        Column("time", "s", "time of the record, on the bench's clock"),
        Column("bias", "V", "level of the source, before the load resistor"),
        Column("record_span", "s", "length of the record"),
        Column("temperature", "K", "set-point of the chuck (0: it was not set)"),
        Column("load_resistance", "Ohm", "load resistance that was set (0: it was not set)"),
        Column("parallel_capacitance", "F", "capacitance across the device that was set (0: it was not set)"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict records, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_map(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Hold and record each bias of each surroundings; the source ends at zero with its output off."""
        yield from MapAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return frequency, jitter and energy at each place, and onset, end and slope at each surroundings."""
        from tsbench.protocols.oscillation_map.extraction import map_results

        return map_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the map of the frequency, and the frequency against the bias for each value of the second axis."""
        from tsbench.protocols.oscillation_map.figure import map_figures

        return map_figures(run)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device did not oscillate; "" where it did."""
        from tsbench.protocols.extracting.device_condition import remark_on_stands
        from tsbench.protocols.oscillation.extraction import stands

        return remark_on_stands(stands(run), "oscillation")
