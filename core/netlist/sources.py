"""The value of a V or I element: a number, PULSE, PWL or SIN."""

import itertools
import math
import re
from collections.abc import Callable
from typing import NoReturn

from tsbench.netlist.elements import Pwl, Sin, SpicePulse, Waveform

_VALUE = r"[^\s(),=]+"
_SHAPES = ("pulse", "pwl", "sin", "sine")
_PULSE_FIELDS = ("initial", "pulsed", "delay", "rise", "fall", "width", "period")


def parse_waveform(
    name: str, text: str, number: Callable[[str, str], float], fail: Callable[[str], NoReturn],
) -> tuple[Waveform, str]:
    """Return the waveform of a source, and what of its text has no effect on a run in time.

    Parameters
    ----------
    name : str
        Of the element, for messages.
    text : str
        Everything behind its nodes.
    number : callable
        (text, owner) -> value.
    fail : callable
        Raises ConfigurationError with the line.
    """
    rest, constant, unused = text.strip(), None, ""
    small_signal = re.search(rf"(?<!\S)ac\b((?:\s+[-+.\d]{_VALUE}|\s+[-+.\d]){{0,2}})", rest, re.IGNORECASE)
    if small_signal:
        unused = " ".join(small_signal[0].split())
        rest = (rest[: small_signal.start()] + rest[small_signal.end():]).strip()
    found = re.match(rf"dc\s+({_VALUE})(?![(=])\s*|({_VALUE})(?=\s|$)\s*", rest, re.IGNORECASE)
    if found and (found[1] or not re.match(r"[a-z]\w*\s*\(|(?:pulse|pwl|sine?)\b", rest, re.IGNORECASE)):
        constant = number(found[1] or found[2], name)
        rest = rest[found.end():]
    if not rest:
        return 0.0 if constant is None else constant, unused
    shape = re.match(r"([a-z]\w*)\s*(\()?", rest, re.IGNORECASE)
    if shape is None:
        fail(f"{name}: '{rest}' is not understood. Give a number, PULSE(...), PWL(...) or SIN(...)")
    word, body = shape[1].lower(), rest[shape.end():]
    if word not in _SHAPES:
        fail(f"{name}: the waveform {shape[1].upper()} is not supported. Use PULSE, PWL, SIN or a number")
    if shape[2]:
        body, bracket, behind = body.partition(")")
        if not bracket:
            fail(f"{name}: the bracket after {shape[1].upper()} is not closed. Add ')'")
        if behind.strip():
            fail(f"{name}: '{behind.strip()}' after {shape[1].upper()}(...) is not supported. Remove it")
    if "=" in body:
        fail(f"{name}: {shape[1].upper()}(...) takes only numbers, not '{body.strip()}'. Write the numbers into the "
             "netlist")
    numbers = [number(value, name) for value in body.replace(",", " ").split()]
    make = {"pulse": _pulse, "pwl": _pwl}.get(word, _sine)
    return make(name, numbers, fail), unused


def _pulse(name: str, numbers: list[float], fail: Callable[[str], NoReturn]) -> Waveform:
    count = len(numbers)
    if not 2 <= count <= 8:
        fail(f"{name}: PULSE needs 'v1 v2 [td tr tf pw per [np]]', but it has {count} number{'s' * (count != 1)}")
    given = dict(zip(_PULSE_FIELDS, numbers, strict=False))
    pulse = SpicePulse(**given, count=int(numbers[7]) if count == 8 else 0)
    if min(pulse.delay, pulse.rise, pulse.fall, pulse.width, pulse.period) < 0 or pulse.period == 0:
        fail(f"{name}: the times of PULSE must not be negative, and the period must be positive")
    if math.isfinite(pulse.period) and pulse.rise + pulse.width + pulse.fall > pulse.period:
        total = pulse.rise + pulse.width + pulse.fall
        fail(f"{name}: tr + pw + tf = {total:g} s is longer than the period per = {pulse.period:g} s. Increase per")
    return pulse


def _pwl(name: str, numbers: list[float], fail: Callable[[str], NoReturn]) -> Waveform:
    times, values = tuple(numbers[::2]), tuple(numbers[1::2])
    if len(numbers) < 2 or len(numbers) % 2 or any(b <= a for a, b in itertools.pairwise(times)):
        fail(f"{name}: PWL needs pairs 't v' with strictly rising times")
    return Pwl(times, values)


def _sine(name: str, numbers: list[float], fail: Callable[[str], NoReturn]) -> Waveform:
    if not 3 <= len(numbers) <= 4 or numbers[2] <= 0:
        fail(f"{name}: SIN needs 'offset amplitude frequency [delay]' with a positive frequency. Damping and phase are "
             f"not supported")
    return Sin(*numbers)
