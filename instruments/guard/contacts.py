"""The contacts of a switch matrix between a source and the device, and whether they withstand what the source brings.

The whole EMF of a source can stand across an open contact beside the path. Its current flows through the closed ones.
"""

from collections.abc import Iterable

from tsbench.instruments.guard.exposed_terminals import SLACK
from tsbench.instruments.interfaces import ContactLimits
from tsbench.quantities import told_apart


def load_refusal(loads: Iterable[ContactLimits], emf: float, current: float) -> str:
    """Return why a source must not bring an EMF [V] to a load, with a largest current [A] of its own; "" where it may.

    The current through a load is not always that of the device: something else may be beside the device.
    """
    for one in loads:
        reached = min(abs(emf) * one.admittance, abs(current)) if one.admittance else 0.0
        if reached > one.current * (1 + SLACK):
            most, allowed = told_apart(reached, one.current, "A")
            return (f"the current in {one.card} may reach {most}, but it is made for {allowed}. Lower the level or the "
                    f"compliance, {one.advice}")
    return ""


def contact_refusal(contacts: Iterable[ContactLimits], voltage: float = 0.0, current: float = 0.0) -> str:
    """Return why a source must not bring ``voltage`` [V] and ``current`` [A] to contacts; "" where it may."""
    for one in contacts:
        for quantity, reached, bound, unit in (
            ("voltage", abs(voltage), one.voltage, "V"), ("current", abs(current), one.current, "A"),
        ):
            if reached > bound * (1 + SLACK) and not one.admittance:
                most, allowed = told_apart(reached, bound, unit)
                return (f"the {quantity} at the contacts of {one.card} may reach {most}, but the card is made for "
                        f"{allowed}. Lower the level or the compliance, or use a card for a higher {quantity}")
    return ""
