"""Arbitrary stimulus: a waveform through the load, with the response of the device to it."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.stimulus.acquisition import StimulusAcquisition
from tsbench.protocols.stimulus.parameters import StimulusParameters
from tsbench.protocols.stimulus.plan import plan_stimulus
from tsbench.records import Column, Recorder, Result, Run, Step


class ArbitraryStimulus(StimulusParameters, Protocol):
    """Send a rectangle, a triangle, a sine, a damped burst or a recording through the load, and record the response.

    The run keeps the levels that were set at the generator, as the waveform ``stimulus``.
    """

    name: ClassVar[str] = "stimulus"
    title: ClassVar[str] = "Arbitrary stimulus"
    roles: ClassVar[tuple[str, ...]] = ("bias", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the stimulus, from 0"),
        Column("time", "s", "time of its trigger, on the bench's clock"),
        Column("amplitude", "V", "highest level away from the base level, at the unloaded output of the generator"),
        Column("length", "s", "length of the stimulus"),
        Column("rest", "s", "time since the end of the stimulus before"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict stimuli, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_stimulus(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send and record the stimuli; the generator rests at base between and ends off."""
        yield from StimulusAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return number and rate of the spikes, and the energy that the device takes, at each amplitude."""
        from tsbench.protocols.stimulus.extraction import stimulus_results

        return stimulus_results(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return stimulus, device voltage and current of the first record of each amplitude, with the spikes."""
        from tsbench.protocols.stimulus.figure import stimulus_figures

        return stimulus_figures(run)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return nothing: what a device does under an arbitrary stimulus says little of its condition."""
        return ""
