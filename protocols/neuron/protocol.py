"""Neuron characterisation: steps and pairs of pulses, and verdicts on the four functions of a neuron."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.neuron.acquisition import NeuronAcquisition
from tsbench.protocols.neuron.parameters import NeuronParameters
from tsbench.protocols.neuron.plan import plan_neuron
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column, Recorder, Result, Run, Step


class NeuronCharacterisation(NeuronParameters, Protocol):
    """Send steps of several amplitudes and pairs of pulses through the load, and judge the four functions of a neuron.

    The functions are all-or-nothing spiking, threshold-driven spiking, refractory period and strength-modulated
    frequency. The circuit is what the bench has: the device, its load and the capacitance across it. Amplitudes and
    gaps come in random order, so that a drift of the device touches all of them alike.
    """

    name: ClassVar[str] = "neuron"
    title: ClassVar[str] = "Neuron characterisation"
    roles: ClassVar[tuple[str, ...]] = ("bias", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the stimulus, from 0, in order of time"),
        Column("time", "s", "time of its first edge, on the bench's clock"),
        Column("amplitude", "V", "voltage above the base level, at the unloaded output of the generator"),
        Column("width", "s", "width of the step, or of each pulse of a pair, at 50 %"),
        Column("gap", "s", "gap of a pair (0: a step)"),
        Column("rest", "s", "time since the end of the stimulus before"),
    )

    def plan(self, station: Station) -> Plan:
        """Predict stimuli, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_neuron(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send and record steps and pairs; the generator rests at base between and ends off."""
        yield from NeuronAcquisition(self, station, recorder).run()

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the verdicts on the four functions, and the numbers that they rest on."""
        from tsbench.protocols.neuron.extraction import neuron

        return neuron(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the four functions in one figure, and the response to a step of each amplitude."""
        from tsbench.protocols.neuron.figure import neuron_figures

        return neuron_figures(run)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return nothing: a circuit that does not fire is what the verdicts say."""
        return ""
