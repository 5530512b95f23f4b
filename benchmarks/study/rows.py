"""The numbers of a study: one row for each, with its interval and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.records import Flag, Result

#: the last bits of a number that was written and read
_ROUNDING = 1e-9
#: flags that say that a number may be wrong
_DOUBTS = Flag.UNDER_SAMPLED | Flag.AMBIGUOUS | Flag.TOO_FEW | Flag.CLIPPED
#: quantities that two levels bracket: the interval contains the step, and UNDER_SAMPLED says only that it is wide. Of
#: all others it says that an edge, a spike or a fall has too few samples
_BRACKETED = frozenset({
    "threshold_voltage", "hold_voltage", "oscillation_onset", "oscillation_end", "firing_threshold"})


def is_doubted(quantity: str, flags: Flag) -> bool:
    """Return whether the flags of a number say that it may be wrong."""
    return bool(flags & (_DOUBTS & ~Flag.UNDER_SAMPLED if quantity in _BRACKETED else _DOUBTS))


@dataclass(frozen=True)
class Row:
    """One number of the study.

    Parameters
    ----------
    step, quantity : what it is
    conditions : name to value [SI], or a word
    unit : SI
    value, low, high : as extracted; None: not known
    truth : of the very same events, or of the circuit without noise; None: the simulation does not give one
    flags : of the extraction
    copied : whether its error is that of a row before it, so that it does not count once more
    """

    step: str
    quantity: str
    conditions: dict[str, float | str]
    unit: str
    value: float | None
    low: float | None
    high: float | None
    truth: float | None
    flags: Flag = Flag.NONE
    copied: bool = False

    @property
    def doubted(self) -> bool:
        """Whether the flags say that the number may be wrong."""
        return is_doubted(self.quantity, self.flags)

    @property
    def is_bound(self) -> bool:
        """Whether only one end of the interval is known."""
        return (self.low is None) != (self.high is None)

    @property
    def holds(self) -> bool | None:
        """Whether the interval or the bound is true; None: there is neither, or no truth."""
        if self.truth is None or (self.low is None and self.high is None):
            return None
        allowed = _ROUNDING * abs(self.truth)
        return ((self.low is None or self.low <= self.truth + allowed)
                and (self.high is None or self.truth <= self.high + allowed))

    @property
    def inside(self) -> bool | None:
        """Whether the interval contains the truth; None: there is no interval with two ends, or no truth."""
        return None if self.is_bound else self.holds


@dataclass(frozen=True)
class Count:
    """Of many numbers of one kind: how many intervals contain the truth.

    Parameters
    ----------
    step, what : the numbers
    inside, known : how many contain it, of how many with an interval, a truth and no flag of doubt
    flagged : beside them, numbers that the extraction gives no value for, or that have no truth
    doubted_inside, doubted : the same of those with a flag of doubt
    """

    step: str
    what: str
    inside: int
    known: int
    flagged: int
    doubted_inside: int = 0
    doubted: int = 0


def row_of(
    step: str, result: Result, truth: float | None, keys: Sequence[str], more: dict[str, float | str] | None = None
) -> Row:
    """Return the row of a result, with some of its conditions."""
    conditions: dict[str, float | str] = {key: result.conditions[key] for key in keys if key in result.conditions}
    return Row(step, result.quantity, {**(more or {}), **conditions}, result.unit, result.value, result.low,
               result.high, truth, result.flags)
