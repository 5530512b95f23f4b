"""One step of the dialogue with an instrument, and what the steps of all kinds of instruments share."""

from collections.abc import Callable
from dataclasses import dataclass

from tsbench.errors import InstrumentError

HIGHEST_LEVEL = 1.0  #: [V] that is driven into a resistor
DURATION = "duration [s]"  #: result of a step that is compared as a time, not as a setting
_LONGEST = 30.0  #: [s] that a step waits for an instrument
_PATIENCE = 0.01  #: [s] between two questions whether it has done

Wait = Callable[[float], None]


@dataclass(frozen=True)
class DialogueStep:
    """One step: what it is called in the report, and what the driver is asked to do.

    Where ``act`` returns a dictionary, its numbers [SI units] are compared with those of the twin.
    """

    name: str
    act: Callable[[], object]
    free: bool = False  #: the values depend on what is around the instrument; only their form is compared


def each(*acts: Callable[[], object]) -> Callable[[], None]:
    """Return what does one act after the other."""

    def all_of_them() -> None:
        for act in acts:
            act()

    return all_of_them


def until(done: Callable[[], bool], wait: Wait) -> None:
    """Wait until an instrument says that it has done.

    Raises
    ------
    InstrumentError
        It is still busy after :data:`_LONGEST`: what a next step reads would not be complete.
    """
    for _ in range(round(_LONGEST / _PATIENCE)):
        if done():
            return
        wait(_PATIENCE)
    raise InstrumentError(f"the instrument was still busy after {_LONGEST:g} s. Check its triggers, and repeat the "
                          "comparison")
