"""The search for the refractory period in progress: one pair at a time, its gap chosen by what the ones before did."""

from collections.abc import Callable, Iterator, Sequence

from tsbench.instruments import Pulse, Station
from tsbench.protocols.adapting.chooser import PulseChooser
from tsbench.protocols.adaptive_refractory.parameters import RefractoryParameters
from tsbench.protocols.pulses.pairs import PairSeries, PulseRecord
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Recorder, Step


class RefractorySearch(PairSeries[RefractoryParameters]):
    """One run in progress.

    Parameters
    ----------
    settings, station, recorder : as of all pulses
    choosers : makes what chooses the gap of each pair [s], anew for each amplitude
    """

    def __init__(self, settings: RefractoryParameters, station: Station, recorder: Recorder,
                 choosers: Callable[[], PulseChooser]) -> None:
        super().__init__(settings, station, recorder)
        self._choosers = choosers
        self._chooser = choosers()

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of ``amplitude`` [V], repeated after the longest gap."""
        return self._settings.pulse(amplitude, self._settings.longest)

    def series(self, amplitude: float) -> Iterator[Step]:
        """Send pair after pair of ``amplitude`` [V] until the chooser has enough."""
        self._chooser, began, missed = self._choosers(), self._done, self._missed
        self._set_up(amplitude, burst=2)
        yield self.step(f"pairs of pulses of {format_quantity(amplitude, 'V')}", resting=True)
        while (gap := self._chooser.next_stimulus()) is not None:
            layout = self.set_gap(amplitude, gap)
            yield from self._let_rest()
            yield from self.record(amplitude, gap, layout)
        kind = "warning" if self._chooser.fell_silent else "log"
        self._say(kind, f"{format_quantity(amplitude, 'V')}: {self._chooser.reason}")
        self.say_missed(amplitude, self._missed - missed, self._done - began)
        self._total -= self._settings.budget - (self._done - began)  # what the search has left over

    def more_columns(self, gap: float, records: Sequence[PulseRecord], whole: bool) -> tuple[float, ...]:
        """Tell the chooser what a pair with ``gap`` [s] did; return its columns."""
        return self._chooser.told(gap, records if whole else [], Flag.NONE if whole else Flag.TRIGGER_MISSED)

    def told_of(self, gap: float) -> str:
        """Return how many pairs of the budget are used, how narrow the interval is, and the last gap [s]."""
        return f"{self._chooser.progress}; the last gap: {format_quantity(gap, 's')}"
