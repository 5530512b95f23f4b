"""What a source brings to the other terminals of a fixture, and what these withstand.

A source drives the device. The inputs of an oscilloscope and the outputs of other instruments stand at the same nodes,
and withstand less than a source of high voltages makes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tsbench.quantities import short_quantity, told_apart

#: [V] that may stand at a terminal unless the bench file says that fixture and cable are made for more. IEC 61010-1
#: (6.3.1) takes 42.4 V peak as the highest that may be touched
SAFE_VOLTAGE = 42.0
#: added to the message of a limit
BEHIND_CAPACITOR = (
    ". A capacitor is in series with the device. It may hold 0 V or any level that was on before, so the difference "
    "between the levels counts. To forget those before, discharge the capacitor and open the bench again")
SLACK = 1e-9  #: relative slack for numbers that came through text and back


@dataclass(frozen=True)
class ExposedTerminal:
    """One terminal beside a source, with the worst that the source brings to it, whatever the device does.

    Parameters
    ----------
    terminal : as the bench file names it
    node : of the netlist
    withstands : [V]
    gain : voltage at the node / EMF of the source
    transimpedance : [Ohm] voltage at the node / current of the source; inf: the current does not limit the voltage
    """

    terminal: str
    node: str
    withstands: float
    gain: float = 1.0
    transimpedance: float = math.inf

    def voltage(self, emf: float, current: float = math.inf) -> float:
        """Return the most [V] that an EMF [V], its current limited to ``current`` [A], brings to the node."""
        by_emf = abs(emf) * self.gain
        if math.isinf(current) or math.isinf(self.transimpedance):
            return by_emf
        return min(by_emf, abs(current) * self.transimpedance)

    def refusal(self, emf: float, current: float = math.inf) -> str:
        """Return why the source must not make ``emf`` [V] with at most ``current`` [A]; "" where it may."""
        reached = self.voltage(emf, current)
        if reached <= self.withstands * (1 + SLACK):
            return ""
        bound, most = told_apart(self.withstands, reached, "V")
        return (f"{self.terminal} withstands {bound}, but node {self.node} may reach {most}. Choose a smaller value, "
                f"or disconnect {self.terminal} and remove it from [fixture.terminals] and [fixture.sensing]. With a "
                "probe or an attenuator between node and terminal, write what they withstand together into "
                "[fixture.withstands]")


def refusal_of(exposed: Iterable[ExposedTerminal], emf: float, current: float = math.inf) -> str:
    """Return the first reason of an exposed terminal against an EMF [V]; "" where there is none."""
    return next((reason for one in exposed if (reason := one.refusal(emf, current))), "")


def high_voltage_refusal(voltage: float, rating: float) -> str:
    """Return why a voltage [V] must not stand at a terminal of the fixture; "" where it may.

    Parameters
    ----------
    voltage : [V], of either sign
    rating : [V] that fixture and cable are made for, :data:`SAFE_VOLTAGE` where the bench file does not tell
    """
    if abs(voltage) <= rating * (1 + SLACK):
        return ""
    reached, stated = told_apart(abs(voltage), rating, "V")
    safe = short_quantity(SAFE_VOLTAGE, "V")
    if rating == SAFE_VOLTAGE:
        return (f"the voltage at the terminals may reach {reached}, and more than {safe} is dangerous to touch. Choose "
                "a smaller value, or write the rating of fixture and cable and the interlock into "
                "[fixture.high_voltage] of the bench file")
    return (f"the voltage at the terminals may reach {reached}, but the rating of fixture and cable is "
            f"{stated}. Choose a smaller value, or correct rating in [fixture.high_voltage] of the bench file")
