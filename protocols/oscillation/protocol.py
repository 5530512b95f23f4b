"""Oscillation: a bias through the load resistor makes the device oscillate, the scope records it."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.oscillation.acquisition import OscillationAcquisition
from tsbench.protocols.oscillation.parameters import OscillationParameters
from tsbench.protocols.oscillation.plan import plan_oscillation
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class Oscillation(OscillationParameters, Protocol):
    """Hold a bias, record device voltage and current for many periods, go on to the next bias.

    Without a given record span a probe record at each bias finds the period; the record holds ``periods``.
    """

    name: ClassVar[str] = "oscillation"
    title: ClassVar[str] = "Oscillation"
    roles: ClassVar[tuple[str, ...]] = ("bias", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the bias, from 0"),
        Column("time", "s", "time of the record, on the bench's clock"),
        Column("bias", "V", "level of the source, before the load resistor"),
        Column("record_span", "s", "length of the record"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict records, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_oscillation(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Hold and record each bias; the source ends at zero with its output off."""
        yield from OscillationAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return frequency, jitter and energies at each bias, and the curve of the frequency over the biases."""
        from tsbench.protocols.oscillation.extraction import oscillation_results

        return oscillation_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the record at each bias, and frequency against bias."""
        from tsbench.protocols.oscillation.figure import oscillation_figures

        return oscillation_figures(run)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device did not oscillate; "" where it did."""
        from tsbench.protocols.extracting.device_condition import remark_on_stands
        from tsbench.protocols.oscillation.extraction import stands

        return remark_on_stands(stands(run), "oscillation")
