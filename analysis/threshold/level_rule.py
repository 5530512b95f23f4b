"""Whether the rule of a current level tells switching, or only that the off state or the noise is above the level."""

import numpy as np

from tsbench.analysis.threshold.half_sweeps import HalfSweep, worst_flags
from tsbench.analysis.threshold.reading_noise import noise_of_readings
from tsbench.analysis.threshold.switching_evidence import SwitchOn
from tsbench.analysis.threshold.switching_results import PASSED_ON, result_of
from tsbench.analysis.threshold.switching_rule import Above, Jump
from tsbench.records import Flag, Result

#: why the rule tells nothing, as ``method`` says it
PASSED_AT_ONCE = "the first readings pass the current already, or it is passed as by a resistor"
WITHIN_NOISE = "the current of the rule is within the noise of the readings"

#: standard deviations of the noise within which two successive readings may pass the level by chance
_BY_CHANCE = 4.0


def undecided(
    half: HalfSweep, on: SwitchOn | None, rule: Above, noise: float
) -> tuple[Result, Result, Result, Result] | None:
    """Return threshold and hold, voltage and current, without numbers (AMBIGUOUS) if the rule tells nothing, else None.

    Parameters
    ----------
    half : the half-sweep
    on : where its way up passes the level for good; None: nowhere
    rule : that of the current level
    noise : [A] standard deviation of a reading by the data sheet
    """
    by_chance = _BY_CHANCE * noise_of_readings(half.current, half.level, noise)
    if rule.current < by_chance and half.current.max() >= rule.current:
        why = WITHIN_NOISE
    elif passed_as_by_resistor(half, on):
        why = PASSED_AT_ONCE
    else:
        return None
    flags = worst_flags(half, *range(len(half.current))) & PASSED_ON | Flag.AMBIGUOUS
    first, second, third, fourth = (
        result_of(half, name, unit, f"{why}, rule {rule}", flags=flags)
        for name, unit in (("threshold_voltage", "V"), ("threshold_current", "A"), ("hold_voltage", "V"),
                           ("hold_current", "A")))
    return first, second, third, fourth


def passed_as_by_resistor(half: HalfSweep, on: SwitchOn | None) -> bool:
    """Return whether the way up passes a current level as a resistor does, so that this is no switching.

    It does if a reading at 0 V does not pass the level, and the first one above 0 V does. It does, too, if the
    conductance at the first reading above the level is at most twice (the ratio of
    :class:`tsbench.analysis.threshold.switching_rule.Jump`) that of a straight line through zero and all readings
    before it. Then the current of the off state is above the level, or nothing happens where it is passed.

    Parameters
    ----------
    half : the half-sweep
    on : where the level is passed for good; None: nowhere
    """
    if on is None or on.before < 0:
        return False
    part = slice(0, on.before + 1)
    told = (half.level[part] > 0.0) & (half.voltage[part] > 0.0)
    if not told.any():
        return True
    voltage, current = half.voltage[part][told], half.current[part][told]
    before = float(np.sum(voltage * current) / np.sum(voltage**2))
    after = on.before + 1
    return bool(half.current[after] <= Jump.ratio * before * half.voltage[after])
