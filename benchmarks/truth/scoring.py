"""From rows to verdicts: coverage with exact binomial tests, bias, spread, and what was flagged that should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from tsbench.records import Flag

#: flags that say how a number was measured and are no doubt about it
_NO_DOUBT = Flag.COMPLIANCE | Flag.UNCHECKED
SET_POINTS = "set-points"  #: word in the method of an interval that is a bracket of set-points
BRACKET_COVERAGE, LOWEST, HIGHEST = 0.95, 0.90, 0.98
SIGNIFICANCE = 0.01


def is_unflagged(row: Mapping[str, Any]) -> bool:
    """Return whether a row gives a value and an interval, and nothing that doubts them."""
    return None not in (row["value"], row["low"], row["high"]) and not (Flag(int(row["flags"])) & ~_NO_DOUBT)


def is_bracket(row: Mapping[str, Any]) -> bool:
    """Return whether the interval of a row is a bracket of set-points no wider than a step and four uncertainties."""
    widest = row.get("widest")
    return SET_POINTS in row["method"] and (widest is None or row["high"] - row["low"] <= widest)


@dataclass(frozen=True)
class Coverage:
    """One quantity over its unflagged rows whose truth is known."""

    quantity: str
    rows: int
    covered: int
    bias: float  #: median of value / truth - 1
    spread: float  #: half of the central 68 % of value / truth
    half_width: float  #: median, relative to the truth
    bracket: bool  #: the interval is one between set-points

    @property
    def share(self) -> float:
        """Return the share of intervals that contain the truth."""
        return self.covered / self.rows if self.rows else float("nan")

    @property
    def p_value(self) -> float:
        """Return how likely so extreme a count is at the nearest coverage that is allowed.

        A bracket is too narrow below 95 %; another interval below 90 % and too wide above 98 %.
        """
        if not self.rows:
            return 0.0
        low = float(binom.cdf(self.covered, self.rows, BRACKET_COVERAGE if self.bracket else LOWEST))
        if self.bracket:
            return low
        high = float(binom.sf(self.covered - 1, self.rows, HIGHEST))
        return min(1.0, 2 * min(low, high)) if LOWEST <= self.share <= HIGHEST else min(low, high)


def counts(row: Mapping[str, Any]) -> bool:
    """Return whether a row counts for the coverage: it has no flag, and its truth is known."""
    return is_unflagged(row) and row["true"] is not None


def kinds_that_miss(rows: Sequence[Mapping[str, Any]], significance: float = SIGNIFICANCE) -> list[str]:
    """Return the kinds of devices whose intervals contain the truth in fewer than 90 %, beyond chance, with counts.

    Beside many kinds that are right, one that is wrong hardly changes the coverage of all. The chance is that of all
    kinds together (Holm).
    """
    scores = [coverage_of(model, [row for row in rows if row["model"] == model])
              for model in sorted({row["model"] for row in rows})]
    missed = holm({one.quantity: float(binom.cdf(one.covered, one.rows, LOWEST)) for one in scores}, significance)
    return [f"{one.quantity} {one.covered} of {one.rows}" for one in scores if one.quantity in missed]


def coverage_of(quantity: str, rows: Sequence[Mapping[str, Any]]) -> Coverage:
    """Return the coverage of one quantity; rows that are flagged or have no truth do not count."""
    kept = [row for row in rows if counts(row)]
    truth, value, low, high = (
        np.array([row[name] for row in kept], float) for name in ("true", "value", "low", "high"))
    if not kept:
        return Coverage(quantity, 0, 0, float("nan"), float("nan"), float("nan"), bracket=False)
    ratio = value / truth
    least, most = np.quantile(ratio, (0.16, 0.84))
    return Coverage(
        quantity, len(kept), int(np.sum((low <= truth) & (truth <= high))), float(np.median(ratio) - 1),
        float(most - least) / 2, float(np.median((high - low) / (2 * np.abs(truth)))),
        bracket=all(is_bracket(row) for row in kept))


def narrowed(row: Mapping[str, Any], widest: float) -> dict[str, Any]:
    """Return a row whose interval is at most ``widest`` wide; both sides shrink alike."""
    share = min(1.0, widest / (row["high"] - row["low"]))
    low, high = (row["value"] + share * (row[end] - row["value"]) for end in ("low", "high"))
    return {**row, "low": low, "high": high}


def kinds_of_interval(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of one quantity by the kind of their interval, as the requirement tells them apart.

    Rows without a value and an interval are counted with the larger kind.
    """
    kinds: dict[str, list[Mapping[str, Any]]] = {"bracket": [], "other interval": []}
    unknown = []
    for row in rows:
        if is_unflagged(row):
            kinds["bracket" if is_bracket(row) else "other interval"].append(row)
        else:
            unknown.append(row)
    max(kinds.values(), key=len).extend(unknown)
    return {name: mine for name, mine in kinds.items() if mine}


def rejected(found: Sequence[Coverage], significance: float = SIGNIFICANCE) -> set[str]:
    """Return the quantities whose coverage is rejected, by Holm's correction over all quantities."""
    return holm({one.quantity: one.p_value for one in found}, significance)


def holm(chances: Mapping[str, float], significance: float) -> set[str]:
    """Return which of several hypotheses are rejected (S. Holm, Scand. J. Stat. 6 (1979) 65).

    Parameters
    ----------
    chances : name of each hypothesis to its p value
    significance : chance that one of them is rejected although all are true
    """
    refused: set[str] = set()
    for rank, (name, chance) in enumerate(sorted(chances.items(), key=lambda each: each[1])):
        if chance > significance / (len(chances) - rank):
            break
        refused.add(name)
    return refused
