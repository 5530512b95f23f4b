"""Yield: how many of the devices switch, with its interval, and what the devices that are not decided may change."""

from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.analysis.statistics.intervals import proportion_interval
from tsbench.reports.devices import ReportedDevice


@dataclass(frozen=True)
class Yield:
    """A share of devices with its 95 % interval (Wilson's score interval of a binomial share)."""

    works: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """The share itself; None of no devices."""
        return self.works / self.of if self.of else None


@dataclass(frozen=True)
class Yields:
    """The yield of a campaign, counted in several ways."""

    at_end: Yield  #: devices that switched in their last judged run, of those of which it is known
    ever: Yield  #: devices that switched in at least one run, of those of which it is known
    certain: Yield  #: as ``at_end``, without those that look open or conduct: contact or compliance may be to blame
    open: int  #: devices that look open
    conducting: int  #: devices that conduct from the start
    undecided: int  #: devices of which it is not known; in none of the shares


def yields(devices: Sequence[ReportedDevice]) -> Yields:
    """Count devices."""
    decided = [one for one in devices if one.decided]
    certain = [one for one in decided if one.state not in {"open", "conducting"}]

    def share(works: int, of: int) -> Yield:
        return Yield(works, of, *proportion_interval(works, of))

    return Yields(
        share(sum(one.state == "working" for one in decided), len(decided)),
        share(sum(one.switched for one in decided), len(decided)),
        share(sum(one.state == "working" for one in certain), len(certain)),
        sum(one.state == "open" for one in devices), sum(one.state == "conducting" for one in devices),
        len(devices) - len(decided))
