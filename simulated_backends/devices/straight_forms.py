"""Device models whose equations are a plain function of numbers: what specialised and batched code is made of.

A straight form takes (v, i, states…, parameters…) and returns what :func:`.compiled.evaluate_device` writes, in its
order, as a tuple; the parameters are the first of the device's row. It touches no array and calls nothing that cannot
be inlined (use :func:`.exponential.exp`), so a loop over many devices becomes vector code. A device without one works
everywhere too, only slower: its branch of ``evaluate_device`` is called instead. So it is with every device that has a
control voltage.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StraightForm:
    """Where the function is and how many parameters it takes."""

    module: str
    function: str
    parameters: int


_DEVICES = "tsbench.simulated_backends.devices"
STRAIGHT_FORMS: Mapping[int, StraightForm] = {
    0: StraightForm(f"{_DEVICES}.poole_frenkel.equations", "poole_frenkel", 8),
    1: StraightForm(f"{_DEVICES}.resistor.equations", "resistor", 1),
    3: StraightForm(f"{_DEVICES}.moving_core.equations", "moving_core", 6),
    11: StraightForm(f"{_DEVICES}.gated_filament.equations", "gated_filament", 15),
}
