"""Calls of a vendor's library as ctypes makes them: what a function writes goes to the pointers that it was given.

``size, times, values = c_int(100), (c_double * 100)(), (c_double * 100)()``, then
``library.WGFMU_getMeasureValues(101, 0, byref(size), times, values)`` returns the status alone, as the vendor's
library.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

_SINGLE: Any = ctypes.c_int.__base__   #: the base of c_int, c_double, c_char_p
_POINTER: Any = ctypes.POINTER(ctypes.c_int).__base__   #: the base of all pointers


def _target(argument: Any) -> Any:
    """Return what a function may write to: an array, a pointer, or the object of a ``byref``; else None."""
    return argument if isinstance(argument, (ctypes.Array, _POINTER)) else getattr(argument, "_obj", None)


def by_value(argument: Any) -> Any:
    """Return what an argument stands for that is read: bytes are texts, arrays are lists."""
    value = argument.value if isinstance(argument, _SINGLE) else argument
    if isinstance(value, ctypes.Array):
        return [by_value(one) for one in value]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def split(arguments: Sequence[Any], least: int) -> tuple[list[Any], list[Any]]:
    """Return what a function that writes takes by value, and where it writes to.

    A size is both: it is given by a pointer, and written there. So whole numbers behind pointers are taken by value too
    where fewer than ``least`` arguments are given by value.
    """
    targets = [target for argument in arguments if (target := _target(argument)) is not None]
    values = [by_value(argument) for argument in arguments if _target(argument) is None]
    for target in targets:
        if len(values) < least and _kind(target) is ctypes.c_int and not isinstance(target, ctypes.Array):
            values.append(target.contents.value if isinstance(target, _POINTER) else target.value)
    return values, targets


def write(found: Sequence[Any], targets: Sequence[Any]) -> None:
    """Write each value to the first place of its kind that is still free: a number, numbers or a text."""
    free = list(targets)
    for value in found:
        for index, target in enumerate(free):
            if _fits(value, target):
                _put(value, free.pop(index))
                break


def _kind(target: Any) -> Any:
    return target._type_ if isinstance(target, (ctypes.Array, _POINTER)) else type(target)


def _fits(value: Any, target: Any) -> bool:
    several = isinstance(target, (ctypes.Array, _POINTER))
    if isinstance(value, str):
        return several and _kind(target) is ctypes.c_char
    if isinstance(value, (list, tuple)):
        return several and _kind(target) is not ctypes.c_char
    single = not isinstance(target, ctypes.Array)
    return single and _kind(target) is (ctypes.c_int if isinstance(value, int) else ctypes.c_double)


def _put(value: Any, target: Any) -> None:
    if isinstance(value, str):
        target.value = value.encode("latin-1", "replace")[: ctypes.sizeof(target) - 1]
    elif isinstance(value, (list, tuple)):
        for index, number in enumerate(value):
            target[index] = number
    elif isinstance(target, _POINTER):
        target[0] = value
    else:
        target.value = value
