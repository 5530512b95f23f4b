"""Taking the records of a stimulus: each amplitude as a waveform in the generator, sent several times."""

from collections.abc import Iterator

import numpy as np

from tsbench.instruments import ArbitraryWaveform, Station
from tsbench.protocols.pulses.stimuli import SentStimulus, StimulusSeries
from tsbench.protocols.stimulus.parameters import StimulusParameters
from tsbench.quantities import format_quantity
from tsbench.records import Recorder, Waveform

#: name of the waveform that holds what was set at the generator, beside those of the scope
STIMULUS = "stimulus"
_FULL_SCALE = 32_000  #: codes of that


class StimulusAcquisition(StimulusSeries[StimulusParameters]):
    """One run of stimuli in progress."""

    role = "bias"

    def __init__(self, settings: StimulusParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder, settings.samples)
        self._shapes: dict[float, ArbitraryWaveform] = {}

    def probe(self) -> SentStimulus:
        """Return the stimulus of the highest amplitude."""
        return self._sent(max(self._settings.amplitude, key=abs), 0)

    def stimuli(self) -> Iterator[SentStimulus]:
        """Yield the stimuli of each amplitude, and keep what was set at the generator."""
        number = 0
        for amplitude in self._settings.amplitude:
            self._keep(self._shape(amplitude), amplitude)
            for _ in range(self._settings.repeats):
                yield self._sent(amplitude, number)
                number += 1

    def _shape(self, amplitude: float) -> ArbitraryWaveform:
        if amplitude not in self._shapes:
            self._shapes[amplitude] = self._settings.waveform(amplitude, self._generator.capabilities)
        return self._shapes[amplitude]

    def _sent(self, amplitude: float, number: int) -> SentStimulus:
        shape = self._shape(amplitude)
        away = shape.levels - self._settings.base
        length = shape.levels.size / shape.sample_rate
        # the scope triggers on the side that comes first: a burst or a recording may begin with the other sign
        first = int(np.argmax(np.abs(away) > 0.5 * np.abs(away).max()))
        ends = float(away.min()), float(away.max())
        height, other = ends if away[first] < 0 else ends[::-1]
        return SentStimulus(
            shape, height, length, {"amplitude": amplitude, "shot": float(number)}, (amplitude, length),
            message=f"{self._settings.shape} of {format_quantity(amplitude, 'V')}", other_side=other)

    def _keep(self, shape: ArbitraryWaveform, amplitude: float) -> None:
        """Record the levels that were set at the generator, so that the run holds its own stimulus."""
        scale = max(float(np.abs(shape.levels).max()), 1e-12) / _FULL_SCALE
        self._recorder.waveform(Waveform(
            STIMULUS, "V", np.round(shape.levels / scale).astype(np.int16)[None, :], scale, 0.0, 0.0,
            1.0 / shape.sample_rate, np.zeros(1), conditions={"amplitude": amplitude}, time=self._station.clock.now()))
