"""Taking the records of a neuron: steps of all amplitudes in random order, then pairs with all gaps."""

from collections.abc import Iterator

from tsbench.instruments import Station
from tsbench.protocols.neuron.parameters import NeuronParameters
from tsbench.protocols.pulses.stimuli import SentStimulus, StimulusSeries
from tsbench.quantities import format_quantity
from tsbench.records import Recorder


class NeuronAcquisition(StimulusSeries[NeuronParameters]):
    """One characterisation in progress."""

    role = "bias"

    def __init__(self, settings: NeuronParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder, settings.samples)

    def probe(self) -> SentStimulus:
        """Return a step of the highest amplitude."""
        highest = max(self._settings.amplitude, key=abs)
        return SentStimulus(self._settings.step(highest), highest, self._settings.width, {})

    def stimuli(self) -> Iterator[SentStimulus]:
        """Yield all steps, then all pairs."""
        settings = self._settings
        for number, amplitude in enumerate(settings.step_order().tolist()):
            yield SentStimulus(
                settings.step(amplitude), amplitude, settings.width,
                {"amplitude": amplitude, "pulse_width": settings.width, "shot": float(number)},
                (amplitude, settings.width, 0.0), message=f"step of {format_quantity(amplitude, 'V')}")
        height, width = settings.pair_height, settings.pair_width
        for number, gap in enumerate(settings.gap_order().tolist()):
            yield SentStimulus(
                settings.pair(gap), height, 2 * width + gap,
                {"amplitude": height, "pulse_width": width, "gap": gap, "pair": float(number)}, (height, width, gap), 2,
                f"pair with a gap of {format_quantity(gap, 's')}")
