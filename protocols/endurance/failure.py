"""When a device has failed: a row of failed cycles, each by evidence. The acquisition and the extraction use it."""

from enum import Enum

from tsbench.protocols.endurance.parameters import EnduranceParameters
from tsbench.protocols.pulses.cycle_states import CycleState

#: relative limit of a conductance by the gains of scope and sensor, beyond which a limit is passed by evidence
_GAIN_DOUBT = 0.05


class CycleVerdict(Enum):
    """What one cycle shows."""

    GOOD = "good"
    NOT_ON = "the device does not switch on"
    STAYS_ON = "the device stays on"
    UNDECIDED = "undecided"  #: the resistance is too near to the limit to tell


def verdict(settings: EnduranceParameters, state: CycleState) -> CycleVerdict:
    """Judge a cycle by the failure criterion of the parameters; a noisy or unlucky one is undecided."""
    on, off = 1.0 / settings.on_below, 1.0 / settings.off_above
    if state.read.above(off, _GAIN_DOUBT):
        return CycleVerdict.STAYS_ON
    if state.write.below(on, _GAIN_DOUBT):
        return CycleVerdict.NOT_ON
    if state.read.below(off, _GAIN_DOUBT) and state.write.above(on, _GAIN_DOUBT):
        return CycleVerdict.GOOD
    return CycleVerdict.UNDECIDED


class FailureCount:
    """Counts failed cycles in a row; a good one ends the row, an undecided one does not count."""

    def __init__(self, settings: EnduranceParameters) -> None:
        self._settings = settings
        self._row: list[int] = []
        self.last_good = 0  #: number of the last cycle that was good, 0: none
        self.good = self.undecided = 0  #: before the row that ends the life
        self.single = 0  #: failed cycles before the row that ends the life
        self.failed_at: int | None = None  #: number of the first cycle of the row that ends the life
        self.good_before = 0  #: the last good cycle before it
        self.how = ""

    def add(self, number: int, state: CycleState) -> CycleVerdict:
        """Take one cycle, numbered from 1, in order."""
        found = verdict(self._settings, state)
        if found is CycleVerdict.UNDECIDED:
            self.undecided += self.failed_at is None
        elif found is CycleVerdict.GOOD:
            self._row.clear()
            self.last_good = number
            self.good += self.failed_at is None
        else:
            self.single += self.failed_at is None
            self._row.append(number)
            if len(self._row) == self._settings.failures and self.failed_at is None:
                self.failed_at, self.good_before, self.how = self._row[0], self.last_good, found.value
                self.single -= self._settings.failures
        return found
