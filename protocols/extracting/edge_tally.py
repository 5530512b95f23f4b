"""Whether a pulse of a search tells something of a device that conducts from the edge on, by the pulses up to now."""

import math
from collections.abc import Hashable

from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, PulseOutcome
from tsbench.protocols.extracting.facts import sense_capacitance
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
from tsbench.records import Fixture, FloatArray


class EdgeTally:
    """The pulses of a search in order of time, judged by the rule of :func:`.unseen_switching.unseen`.

    Parameters
    ----------
    fixture : of the run
    """

    def __init__(self, fixture: Fixture) -> None:
        self._late = _sensor_is_late(fixture)
        self._pulses: list[SeenPulse] = []

    def untold(
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
        quiet = found.firing is Firing.QUIET
        self._pulses.append(seen_pulse(alike, time, voltage, current, facts, found.delay, quiet, self._late))
        return self._pulses[-1].edge is not None and unseen(self._pulses)[-1]


def _sensor_is_late(fixture: Fixture) -> float:
    """Return by how much the sensor of a bench may show the current late [s], at most."""
    sensing = fixture.sensing
    amplifier = 0.0 if sensing.amplifier is None else 1.0 / (2.0 * math.pi * sensing.amplifier.bandwidth)
    capacitance = sensing.capacitance if sensing.capacitance is not None else sense_capacitance(fixture)
    return 2.0 * sensing.burden * capacitance + amplifier + abs(sensing.skew or 0.0)
