"""The edges of the oscillation window by bisection over the bias."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.oscillation_window.acquisition import WindowSearch
from tsbench.protocols.oscillation_window.parameters import WindowParameters
from tsbench.protocols.oscillation_window.plan import plan_window
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class OscillationWindow(WindowParameters, Protocol):
    """Find the lowest and the highest bias at which the device oscillates, with few records.

    A first pass goes up in equal steps and ends above the window. Then each edge is bisected until its bracket is
    narrow enough. Each bias is set from 0 V, so that the state of the device does not depend on the bias before.
    """

    name: ClassVar[str] = "oscillation_window"
    title: ClassVar[str] = "Oscillation window: edges by bisection"
    roles: ClassVar[tuple[str, ...]] = ("bias", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("record", "", "number of the record, from 0"),
        Column("time", "s", "time of the record, on the bench's clock"),
        Column("bias", "V", "level of the source, before the load resistor"),
        Column("span", "s", "length of the record"),
        Column("oscillates", "", "1: the record oscillates, 0: it does not, NaN: not known"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict records, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_window(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Hold and record bias after bias, each chosen by the ones before; the source ends at zero, off."""
        from tsbench.protocols.oscillation_window.extraction import window_chooser

        yield from WindowSearch(self, station, recorder, window_chooser(self, station.fixture)).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return onset and end of the oscillation."""
        from tsbench.protocols.oscillation_window.extraction import window_results

        return window_results(run)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the course of the search."""
        from tsbench.protocols.oscillation_window.figure import window_figures

        return window_figures(run)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device did not oscillate; "" where it did at some bias: beside the window, none does."""
        from tsbench.protocols.extracting.device_condition import remark_on_stands
        from tsbench.protocols.oscillation.extraction import stands
        from tsbench.protocols.oscillation_window.extraction import window_looks

        if any(look.oscillates for look in window_looks(run)):
            return ""
        return remark_on_stands(stands(run), "oscillation")
