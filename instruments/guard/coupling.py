"""The levels of a source behind a capacitor: the capacitor keeps the voltage of those that stood before."""

from collections.abc import Iterable
from dataclasses import replace

from tsbench.instruments.guard.limits import GuardContext, WirePath


def farthest_emf(levels: Iterable[float], path: WirePath) -> float:
    """Return the EMF [V] behind a path that brings most to the device, of several levels [V].

    A capacitor in series may hold any of them, or 0 V, or a level from before. The device then sees the difference.
    """
    now = (0.0, *levels)
    if not path.coupled:
        return max(map(abs, now))
    before = (*path.held, *now)
    left = path.left / path.gain if path.gain > 0.0 else 0.0   # at the device, without the divider of this source
    return max(max(now) - path.share * min(before), path.share * max(before) - min(now)) + left


class HeldLevels:
    """The levels [V] that a capacitor in series with the device may hold; without one, no level is held.

    Nothing discharges it while the output is off, and how fast it follows a new level depends on the device. So every
    level counts that was on since the cables were discharged, and what other sources brought to the device meanwhile.
    """

    def __init__(self) -> None:
        self._extremes = (0.0, 0.0)

    def note(self, levels: Iterable[float], context: GuardContext) -> None:
        """Note levels [V] that are set, if the output at the terminal is on."""
        if not context.outputs.has(context.terminal):
            return
        found = (*self._extremes, *levels)
        self._extremes = min(found), max(found)

    def farthest(self, levels: Iterable[float], context: GuardContext) -> float:
        """Return the EMF [V] that brings most to the device, of levels [V] that are to be set."""
        path = context.path
        return farthest_emf(levels, self.seen(context) if path.coupled else path)

    def seen(self, context: GuardContext) -> WirePath:
        """Return the path to the device with what a capacitor in series may hold now."""
        return replace(context.path, held=self._extremes, left=context.outputs.left_beside(context.terminal))
