"""Refuses arguments of another kind than a call needs: a text as a level, a word that is no function, no True or False.

Python takes the text "off" as true and True as the number 1. So a wrong argument could switch an output on.
"""

from collections.abc import Sequence
from typing import get_args, get_type_hints

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.instruments.guard.limits import require_number
from tsbench.records import FloatArray


def require_switch(subject: str, quantity: str, value: object) -> bool:
    """Return ``value`` as a bool.

    Raises
    ------
    ConfigurationError
        It is neither True nor False (of Python or of NumPy).
    """
    if not isinstance(value, bool | np.bool_):
        raise ConfigurationError(
            f"{subject}: {quantity} is {value!r:.60}. It must be True (on) or False (off). Nothing was sent")
    return bool(value)


def require_word(subject: str, quantity: str, value: object, possible: Sequence[str]) -> None:
    """Raise ConfigurationError unless ``value`` is one of the words that are ``possible``."""
    if not isinstance(value, str) or value not in possible:
        words = " or ".join(f'"{word}"' for word in possible)
        raise ConfigurationError(f"{subject}: {quantity} is {value!r:.60}. It must be {words}. Nothing was sent")


def require_words(subject: str, settings: object, names: Sequence[str]) -> None:
    """Raise ConfigurationError unless each named field of a dataclass is one of the words of its ``Literal``."""
    hints = get_type_hints(type(settings))
    for name in names:
        require_word(subject, name, getattr(settings, name), get_args(hints[name]))


def numbers(subject: str, quantity: str, values: object) -> FloatArray:
    """Return a list of numbers as an array of shape (n,).

    Raises
    ------
    ConfigurationError
        It is no list, or a value in it is no number.
    """
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
            raise ConfigurationError(f"{subject}: {quantity} are {values!r:.60}. Give a list or an array of numbers")
        for value in values:
            require_number(subject, quantity, value)
    return np.asarray(values, dtype=np.float64)
