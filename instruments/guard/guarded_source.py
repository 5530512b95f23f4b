"""Base class of the guards of sources: discharges the cable at the terminals before another device is connected."""

import math
from collections.abc import Callable

from tsbench.instruments.guard.guarded import Guarded
from tsbench.instruments.guard.limits import GuardContext, WorstCase
from tsbench.instruments.interfaces import InstrumentBase

NOTHING = WorstCase(0.0, 0.0, 0.0)
_SHORTEST = 10e-3  #: [s] of a discharge: what an output needs to go on
_TIME_CONSTANTS = 10.0
_LEAST_CAPACITANCE = 10e-9  #: [F] that cables may have although nobody has stated it: 100 m of coaxial cable
_CHARGED_TO = 42.0  #: [V] to which a cable may be charged, for the time that the current needs


class GuardedSource(Guarded):
    """A source, whose output may leave a charge on its cable: a relay that opens does not discharge what is behind it.

    ``charged``: whether a level was set since the cable was discharged; None: not known, as when a bench is opened. A
    level of 0 V before the output goes off proves nothing: with a small compliance, the cable needs time.
    """

    def __init__(self, driver: InstrumentBase, context: GuardContext) -> None:
        super().__init__(driver, context)
        self.charged: bool | None = None

    def discharge(self, wait: Callable[[float], None], capacitance: float) -> None:
        """Hold 0 V at the terminals for a while, and switch off.

        The device before is still connected, or none: the cables behind the relays have a charge too. The settings
        stay, but a source meter has the level 0 then. It is not asked whether a route leads to the device, for the
        cable in front of the route has a charge too.

        Parameters
        ----------
        wait : lets some time [s] pass
        capacitance : [F] of cables and fixture, as far as it is known
        """
        resistance = self.context.path.thevenin_resistance if math.isfinite(self.context.path.resistance) else 0.0
        capacitance = max(capacitance, _LEAST_CAPACITANCE)
        seconds = _SHORTEST + capacitance * (
            _TIME_CONSTANTS * resistance + _CHARGED_TO / self._discharging_current())
        self.context.outputs.add(self.context.terminal, NOTHING, self.is_on)
        try:
            self._switch_zero_on()
            wait(seconds)
        except BaseException:
            self.set_output(False)
            self.charged = True
            raise
        self.set_output(False)
        self._restore()
        self.charged = False

    def set_output(self, enabled: bool) -> None:
        """Switch the output."""
        raise NotImplementedError

    def _discharging_current(self) -> float:
        """Return the largest current [A] that the source drives against the charge; inf where nothing limits it."""
        return math.inf

    def _switch_zero_on(self) -> None:
        """Switch 0 V on."""
        raise NotImplementedError

    def _restore(self) -> None:
        """Set again what was set before 0 V."""
        raise NotImplementedError
