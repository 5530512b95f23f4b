"""What a run of a driver or suite has shown: one outcome for each case."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One case.

    Parameters
    ----------
    case : name of the case; of a suite, the name of the test with its parameters
    passed : whether everything held
    shown : what was raised, if not
    """

    case: str
    passed: bool
    shown: str = ""
