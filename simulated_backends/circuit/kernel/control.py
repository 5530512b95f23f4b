"""What the step loop and its callers tell each other, by name: a record that compiled code reads and writes."""

import math
from typing import Any, Protocol

import numpy as np
from numba import from_dtype

from tsbench.simulated_backends.circuit.kernel.named_record import new_record
from tsbench.simulated_backends.circuit.kernel.step_control import NOTHING_BEFORE


class StepControl(Protocol):
    """Settings, and what is remembered from step to step; all times [s] from the circuit's base.

    The names from ``watching`` on belong to the look at growing modes (:mod:`.growth`).
    """

    rtol: float  #: relative tolerance
    largest_step: float  #: [s]
    next_step: float  #: [s] to try next
    refused: int  #: steps refused so far
    breakpoint: float  #: last breakpoint of the sources that was passed
    next_breakpoint: float
    moving: bool  #: whether any source moves between the two
    length_before: float  #: logarithm of the length of the last step
    error_before: float  #: logarithm of its error
    watching: bool  #: whether growing modes are looked for
    real_part: float  #: of the leading eigenvalue at the last look [1/s]; NaN: not known
    change: float  #: of the real part over the last step [1/s per s]
    e_folds: float  #: by which a mode has grown so far
    since: float  #: when the record begins of a circuit that may never have been excited
    looks: int  #: evaluations of the circuit that looking has cost
    imaginary: float  #: part of the leading eigenvalue at the last look [1/s]
    excited: float  #: when an excited mode has grown under a moving source; -inf: never
    steps_until_look: float  #: steps under a moving source until :mod:`.stability.thermal_switch` looks

    def copy(self) -> "StepControl":
        """Return a record of its own with the same values."""


_KINDS = {float: np.float64, int: np.int64, bool: np.bool_}
_NAMES = tuple(StepControl.__annotations__)
_RECORD = np.dtype([(name, _KINDS[kind]) for name, kind in StepControl.__annotations__.items()], align=True)
CONTROL_TYPE = from_dtype(_RECORD)  #: the type of a record, for functions that are called by address
STEPPING = _NAMES[: _NAMES.index("watching")]  #: the names that do not belong to the look at growing modes


def new_control(rtol: float, largest_step: float, first_step: float) -> StepControl:
    """Return what :func:`.integrator.integrate` begins with, not looking at growth; steps in [s]."""
    control: Any = new_record(_RECORD)
    control.rtol, control.largest_step, control.next_step = rtol, largest_step, first_step
    control.next_breakpoint, control.error_before = math.inf, NOTHING_BEFORE
    control.real_part, control.excited, control.steps_until_look = math.nan, -math.inf, math.inf
    return control  # type: ignore[no-any-return]


def go_on_from(control: StepControl, other: StepControl) -> None:
    """Step on as after the steps that ``other`` has controlled; what is known of growth stays."""
    for name in STEPPING:
        setattr(control, name, getattr(other, name))
