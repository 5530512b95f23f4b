"""Pulsed I-V: write pulses of rising height, with a read pulse after each."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulsed_iv.acquisition import PulsedIVAcquisition
from tsbench.protocols.pulsed_iv.parameters import PulsedIVParameters
from tsbench.protocols.pulsed_iv.plan import plan_pulsed_iv
from tsbench.records import Column, Recorder, Result, Run, Step


class PulsedIV(PulsedIVParameters, Protocol):
    """Send write pulses of rising height, each followed by a read pulse below the threshold, and record both.

    Every cycle is one record of the scope. The run may end early at a target current.
    """

    name: ClassVar[str] = "pulsed_iv"
    title: ClassVar[str] = "Pulsed I-V"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the cycle, from 0"),
        Column("time", "s", "time of the write pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "height of the write pulse, at the unloaded output of the generator"),
        Column("width", "s", "width of the write pulse, at 50 %"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict cycles, duration, and worst case and dose at the device; refuse what a limit forbids."""
        return plan_pulsed_iv(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the cycles one by one and record them; the generator rests at 0 V between and ends off."""
        yield from PulsedIVAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return voltage, current, read resistance and firing probability at each height, and the threshold."""
        from tsbench.protocols.pulsed_iv.extraction import pulsed_iv

        return pulsed_iv(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return current over voltage, firing and read resistance."""
        from tsbench.protocols.pulsed_iv.figure import pulsed_iv_figures

        return pulsed_iv_figures(run, options)
