"""Pulse train: a generator sends pulses to the device, the scope records each one."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulse_train.acquisition import TrainAcquisition
from tsbench.protocols.pulse_train.parameters import TrainParameters
from tsbench.protocols.pulse_train.plan import plan_train
from tsbench.records import Column, Recorder, Result, Run, Step


class PulseTrain(TrainParameters, Protocol):
    """Send pulses of one width at one or more amplitudes and record device voltage and current during each.

    The scope is armed, found armed, then the generator is triggered: a pulse that it missed is a flagged row,
    never a silent one. Levels are those of the open generator; the fixture and the device share them.
    """

    name: ClassVar[str] = "pulse_train"
    title: ClassVar[str] = "Pulse train"
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the pulse, from 0"),
        Column("time", "s", "time of the pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of the pulse, at 50 %"),
        Column("gap", "s", "time since the end of the previous pulse (0 for the first pulse of a train)"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_train(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pulses of each amplitude and record them; the generator rests at base between and ends off."""
        yield from TrainAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return each pulse's delay, mean delay, firing probability and, of several trains, pulses until one fires."""
        from tsbench.protocols.pulse_train.extraction import delays

        return delays(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the first recorded pulse of each amplitude."""
        from tsbench.protocols.pulse_train.figure import train_figures

        return train_figures(run, options)
