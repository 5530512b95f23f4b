"""Whether a pulse of a search tells something of a device that conducts from the edge on, by the pulses up to now."""

from collections.abc import Hashable

from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, PulseOutcome
from tsbench.protocols.extracting.facts import path_resistance
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import how_late
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
from tsbench.records import Fixture, FloatArray


class EdgeTally:
    """The pulses of a search in order of time, judged by the rule of :func:`.unseen_switching.unseen`.

    Parameters
    ----------
    fixture : of the run
    """

    def __init__(self, fixture: Fixture) -> None:
        self._fixture = fixture
        self._pulses: list[SeenPulse] = []

    def undecided(
        self, alike: Hashable, time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts,
        found: PulseOutcome,
    ) -> bool:
        """Return whether a pulse tells nothing: the device conducts from the edge on, not clearly as a resistor.

        Parameters
        ----------
        alike : the amplitude and whatever else makes pulses look alike
        time, voltage, current : [s], [V], [A], shape (n,), of the record
        facts : accuracy of the scope
        found : what the pulse did by its record alone
        """
        late = how_late(self._fixture, float(time[1] - time[0]), ExtractionOptions()) if time.size > 1 else None
        path = path_resistance(self._fixture, "pulser", {})
        quiet = found.firing is Firing.QUIET
        self._pulses.append(seen_pulse(alike, time, voltage, current, facts, found.delay, path, quiet, late))
        return self._pulses[-1].edge is not None and unseen(self._pulses)[-1]
