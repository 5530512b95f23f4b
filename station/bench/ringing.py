"""How far a coil lets the voltage at the device ring beyond the level of a pulse."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tsbench.instruments.fixture import DEVICE, has_place, parallel_capacitance, share_without_device
from tsbench.netlist import GROUND, Element, Netlist
from tsbench.protocols.pulses.parameters import EDGE_SHARE

_BLOCKED = 1e-6  #: share of the EMF at the device below which a source does not reach it


@dataclass(frozen=True)
class Ringing:
    """A coil between a source and the device, with the capacitance across the device."""

    coil: Element
    farads: float  #: [F]
    damping: float  #: ratio; 1 and more: no ringing

    @property
    def frequency(self) -> float:
        """Return the frequency [Hz] of the ringing without damping."""
        return 1.0 / (2.0 * math.pi * math.sqrt(self.coil.value * self.farads))

    def beyond(self, edge: float) -> float:
        """Return by which share of a step the voltage goes beyond it, at most.

        A step in a series circuit of R, L and C overshoots by exp(-pi z / sqrt(1 - z^2)) with the damping ratio z
        (K. Ogata, Modern Control Engineering, 5th ed., section 5-3). The edge of a pulse is a mean of steps, which
        leaves sin(x) / x of it, with x = pi times the frequency of the damped ringing times the length of
        the edge.

        Parameters
        ----------
        edge : [s] from 10 to 90 % of the step
        """
        if self.damping >= 1.0:
            return 0.0
        damped = math.sqrt(1.0 - self.damping**2)
        step = math.exp(-math.pi * self.damping / damped)
        x = math.pi * self.frequency * damped * edge / EDGE_SHARE
        return step * min(1.0, 1.0 / x if x > 0.0 else 1.0)


def ringing(netlist: Netlist, node: str, resistance: float, tee: str = "") -> Iterator[Ringing]:
    """Yield the coils through which alone a source reaches the device.

    Parameters
    ----------
    netlist : of the fixture
    node : of the source
    resistance : [Ohm] of the source and in series with it
    tee : name of the capacitor of a bias tee, "" where there is none: its coil is beside the pulses
    """
    farads = parallel_capacitance(netlist)
    if tee or farads <= 0.0 or not has_place(netlist):
        return
    ends = [one for one in netlist.find(DEVICE).nodes if one != GROUND]
    for coil in netlist.of_kind("L"):
        without = replace(netlist, elements=tuple(one for one in netlist.elements if one is not coil))
        if node.lower() not in {name for one in without.elements for name in one.nodes}:
            reach = 0.0
        else:
            reach = max((share_without_device(without, node, resistance, end) for end in ends), default=0.0)
        if reach < _BLOCKED:
            damping = 0.5 * resistance * math.sqrt(farads / coil.value)
            yield Ringing(coil, farads, damping)
