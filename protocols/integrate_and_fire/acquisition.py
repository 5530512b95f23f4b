"""Taking the records of trains: each train as a whole, in random order of their kinds."""

from collections.abc import Iterator

from tsbench.instruments import Station
from tsbench.protocols.integrate_and_fire.parameters import IntegrateParameters, TrainKind
from tsbench.protocols.pulses.stimuli import SentStimulus, StimulusSeries
from tsbench.quantities import format_quantity
from tsbench.records import Recorder


class IntegrateAcquisition(StimulusSeries[IntegrateParameters]):
    """One run of trains in progress."""

    role = "pulser"

    def __init__(self, settings: IntegrateParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder, settings.samples())

    def probe(self) -> SentStimulus:
        """Return a train of the strongest kind."""
        return self._train(max(self._settings.kinds(), key=lambda kind: (abs(kind.amplitude), kind.width)), 0)

    def stimuli(self) -> Iterator[SentStimulus]:
        """Yield the trains in their order."""
        for number, kind in enumerate(self._settings.order()):
            yield self._train(kind, number)

    def _train(self, kind: TrainKind, number: int) -> SentStimulus:
        settings = self._settings
        return SentStimulus(
            settings.pulse(kind), kind.amplitude, settings.length(kind),
            {"amplitude": kind.amplitude, "pulse_width": kind.width, "period": kind.period, "train": float(number)},
            (kind.amplitude, kind.width, kind.period), settings.count,
            f"train of {settings.count} pulses of {format_quantity(kind.amplitude, 'V')}")
