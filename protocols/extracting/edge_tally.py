"""Whether a pulse of a search tells something of a device that conducts from the edge on, by the edges up to now."""

import math

from tsbench.analysis.pulse.at_once import AtOnce, at_once, like_a_resistor
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, PulseOutcome
from tsbench.protocols.extracting.facts import sense_capacitance
from tsbench.records import Fixture, FloatArray


class EdgeTally:
    """The edges of the pulses in which the device conducted from there on, in order of time.

    Parameters
    ----------
    fixture : of the run
    """

    def __init__(self, fixture: Fixture) -> None:
        self._late = _sensor_is_late(fixture)
        self._edges: list[AtOnce] = []

    def untold(
        self, time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, found: PulseOutcome,
    ) -> bool:
        """Return whether a pulse tells nothing: the device conducts from the edge on, not clearly as a resistor.

        Most edges of these pulses up to now decide.

        Parameters
        ----------
        time, voltage, current : [s], [V], [A], shape (n,), of the record
        facts : accuracy of the scope
        found : what the pulse did by its record alone
        """
        if found.firing is not Firing.QUIET:
            return False
        edge = at_once(time, voltage, current, facts, found.delay, self._late)
        if edge is None:
            return False
        self._edges.append(edge)
        return not like_a_resistor(self._edges)


def _sensor_is_late(fixture: Fixture) -> float:
    """Return by how much the sensor of a bench may show the current late [s], at most."""
    sensing = fixture.sensing
    amplifier = 0.0 if sensing.amplifier is None else 1.0 / (2.0 * math.pi * sensing.amplifier.bandwidth)
    capacitance = sensing.capacitance if sensing.capacitance is not None else sense_capacitance(fixture)
    return 2.0 * sensing.burden * capacitance + amplifier + abs(sensing.skew or 0.0)
