"""Paired pulses in progress: the gaps in their random order, at each amplitude."""

from collections.abc import Iterator

from tsbench.instruments import Pulse, Station
from tsbench.protocols.paired_pulse.parameters import PairParameters
from tsbench.protocols.pulses.pairs import PairSeries
from tsbench.quantities import format_quantity
from tsbench.records import Recorder, Step


class PairAcquisition(PairSeries[PairParameters]):
    """One run of paired pulses in progress."""

    def __init__(self, settings: PairParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder)
        self._order = settings.order()

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of one ``amplitude`` [V], repeated after the first gap."""
        return self._settings.pulse(amplitude, float(self._order[0]))

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record the pairs of one ``amplitude`` [V] with the gaps in their order."""
        self._set_up(amplitude, burst=2)
        yield self.step(f"pairs of pulses of {format_quantity(amplitude, 'V')}", resting=True)
        began, missed = self._done, self._missed
        present, layout = 0.0, None
        for gap in self._order:
            if layout is None or gap != present:
                layout = self.set_gap(amplitude, float(gap))
                present = float(gap)
            yield from self._let_rest()
            yield from self.record(amplitude, present, layout)
        self.say_missed(amplitude, self._missed - missed, self._done - began)
