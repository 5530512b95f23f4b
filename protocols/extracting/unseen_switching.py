"""Pulses of a run of which it is not known whether they switched the device, as it conducts from the edge on."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from tsbench.analysis.contact.device_condition import Stand, conducting, pulse_stand
from tsbench.analysis.pulse.at_once import AtOnce, at_once, unknown
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.records import FloatArray


@dataclass(frozen=True)
class SeenPulse:
    """One pulse: what it has in common with those that look alike, how the device stood, and what its edge shows."""

    alike: Hashable
    stand: Stand
    edge: AtOnce | None


def seen_pulse(
    alike: Hashable, time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, delay: Delay,
    path: float, quiet: bool = True, late: tuple[float, float] | None = None,
) -> SeenPulse:
    """Return one pulse for :func:`unseen`.

    Parameters
    ----------
    alike : the amplitude and whatever else makes pulses look alike
    time, voltage, current : [s], [V], [A], shape (n,), evenly sampled; the record begins before the edge
    facts : accuracy of the scope
    delay : what the pulse showed
    path : [Ohm] between source and device; 0: not known
    quiet : whether it is taken for one that did not fire so far
    late : [s] as :func:`tsbench.analysis.pulse.at_once.at_once` takes it
    """
    return SeenPulse(alike, pulse_stand(voltage, current, facts.current_resolution, delay.currents),
                     at_once(time, voltage, current, facts, delay, late, path) if quiet else None)


def unseen(pulses: Sequence[SeenPulse]) -> list[bool]:
    """Return for each pulse of a run whether it may have switched the device faster than its record shows.

    Where other pulses of the run show the device switch, they show how it conducts when it is off: one that conducts no
    more did not switch.
    """
    stands = [one.stand for one in pulses]
    on = conducting(stands) if any(stand.switched for stand in stands) else [True] * len(stands)
    edges = [one.edge if conducts else None for one, conducts in zip(pulses, on, strict=True)]
    return unknown(edges, [one.alike for one in pulses])
