"""The contacts of a switch matrix between a source and the device, and whether they withstand what the source brings.

The whole EMF of a source can stand across an open contact beside the path. Its current flows through the closed ones.
"""

from collections.abc import Iterable

from tsbench.instruments.guard.exposed_terminals import SLACK
from tsbench.instruments.interfaces import ContactLimits
from tsbench.quantities import told_apart


def contact_refusal(contacts: Iterable[ContactLimits], voltage: float = 0.0, current: float = 0.0) -> str:
    """Return why a source must not bring an EMF [V], and a current [A] through the shorted device; "" where it may."""
    for one in contacts:
        for quantity, reached, bound, unit in (
            ("voltage", abs(voltage), one.voltage, "V"), ("current", abs(current) * one.share, one.current, "A"),
        ):
            if reached > bound * (1 + SLACK):
                most, allowed = told_apart(reached, bound, unit)
                if one.advice:
                    return (f"the {quantity} in {one.card} may reach {most}, but it is made for {allowed}. Lower the "
                            f"level or the compliance, {one.advice}")
                return (f"the {quantity} at the contacts of {one.card} may reach {most}, but the card is made for "
                        f"{allowed}. Lower the level or the compliance, or use a card for a higher {quantity}")
    return ""
