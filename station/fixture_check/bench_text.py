"""Writes what was measured into the text of a bench file."""

import math
import re
from collections.abc import Collection, Sequence

from tsbench.analysis.statistics import NORMAL_95
from tsbench.station.fixture_check.values import FixtureValue

_TABLE = re.compile(r"(?ms)^\[fixture\.measured\]\n.*?(?=^\[|\Z)")
_KEPT = ("path_resistance", "current_offset", "leakage")


def with_measured(text: str, values: Sequence[FixtureValue], date: str, controlled: Collection[str] = ()) -> str:
    """Return the text of a bench file with the table ``[fixture.measured]``; one that is there is replaced.

    Parameters
    ----------
    text : of the bench file
    values : what was measured; of each quantity and role, the one with the narrowest interval counts
    date : of the measurement
    controlled : quantities of ``[fixture.control]``. No path resistance is written if there is one, and no capacitance
        if that is one: they would hold for one value only
    """
    lines = ["[fixture.measured]", f'date = "{date}"']
    for quantity in _KEPT[1:] if controlled else _KEPT:
        known: dict[str, FixtureValue] = {}
        for one in values:
            if one.quantity == quantity and math.isfinite(one.value) and one.low is not None:
                known[one.role] = min(known.get(one.role, one), one, key=lambda found: found.high - (found.low or 0.0))
        if known:
            inside = ", ".join(f'{role} = "{one.value:.4g} {one.unit}"' for role, one in known.items())
            lines.append(f"{quantity} = {{ {inside} }}")
    capacitances = [one for one in values if one.quantity == "parallel_capacitance" and one.low is not None]
    if capacitances and "parallel_capacitance" not in controlled:
        lines.append(f'parallel_capacitance = "{capacitances[-1].value:.4g} F"')
    at_scope = [one for one in values if one.instrument and math.isfinite(one.value)]
    if at_scope:
        lines.append(f'oscilloscope = "{at_scope[0].instrument}"')
        for one in at_scope:
            lines += [f'{one.quantity} = "{one.value:.6g} {one.unit}"',
                      f'{one.quantity}_uncertainty = "{(one.high - one.value) / NORMAL_95:.3g} {one.unit}"']
    return _TABLE.sub("", text).rstrip("\n") + "\n\n" + "\n".join(lines) + "\n"
