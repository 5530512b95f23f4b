"""Paired pulses: two equal pulses with a gap between, many times and in random order: the refractory period."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.paired_pulse.acquisition import PairAcquisition
from tsbench.protocols.paired_pulse.parameters import PairParameters
from tsbench.protocols.paired_pulse.plan import plan_pairs
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class PairedPulse(PairParameters, Protocol):
    """Send pairs of equal pulses over a range of gaps in random order and record both pulses of each pair.

    Each repeat goes through all gaps in an order of its own, so that a drift of the device touches all gaps alike. A
    pair is one burst of two: the gap is the generator's, whatever the computer does meanwhile. Between pairs the device
    rests at ``base``, a level below its threshold at which it relaxes and at which the scope can see that it does.
    """

    name: ClassVar[str] = "paired_pulse"
    title: ClassVar[str] = "Paired pulses: refractory period"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pair", "", "number of the pair, from 0, in order of time"),
        Column("time", "s", "time of the first pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of each pulse, at 50 %"),
        Column("gap", "s", "time from the fall of the first to the rise of the second pulse, at 50 %"),
        Column("rest", "s", "time since the end of the previous pair (0 for the first pair)"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_pairs(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pulses of each amplitude and record them; the generator rests at base between and ends off."""
        yield from PairAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return refractory period and firing probabilities at each amplitude, and the mean delay of first pulses."""
        from tsbench.protocols.paired_pulse.extraction import refractory

        return refractory(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the recovery after a pulse of each amplitude."""
        from tsbench.protocols.paired_pulse.figure import recovery_figures

        return recovery_figures(run, options)
