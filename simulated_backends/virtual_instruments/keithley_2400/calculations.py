"""Calculations of the 2400 family: math expressions (CALC1), null and limit tests (CALC2), statistics (CALC3)."""

import ast
import math
import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.keithley_2400.readings import (
    LIMITS_TESTED,
    MATHEMATICAL,
    NULLED,
    StoredReading,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW

LIMITS = (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)  #: numbers of the limit tests; 1 is that of the compliance
CATALOGUE = {"POWER": "(VOLT * CURR)", "OFFCOMPOHM": "", "VOLTCOEF": "", "VARALPHA": ""}
_OPERATORS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "LOG": math.log10, "LN": math.log, "SIN": math.sin, "COS": math.cos, "TAN": math.tan, "EXP": math.exp}
_LONGEST = 200  #: characters of an expression


@dataclass
class LimitTest:
    """One limit test: passes while the value is within ``low`` and ``high``."""

    enabled: bool = False
    low: float = -1.0
    high: float = 1.0
    fails_in_compliance: bool = True  #: of limit 1: IN or OUT
    failed: bool = False


@dataclass
class Calculations:
    """What is calculated from each reading."""

    expression_name: str = "POWER"
    expressions: dict[str, str] = field(default_factory=lambda: dict(CATALOGUE))
    math_enabled: bool = False
    math_result: float = NOT_A_NUMBER
    feed: str = "VOLT"  #: of the limit tests and of null: VOLT, CURR, RES or CALC1
    null_offset: float = 0.0
    null_enabled: bool = False
    nulled: float = NOT_A_NUMBER
    limits: dict[int, LimitTest] = field(default_factory=lambda: {number: LimitTest() for number in LIMITS})
    statistic: str = "MEAN"

    def forget(self) -> None:
        """Take the state after a reset."""
        vars(self).update(vars(Calculations()))

    def define(self, text: str) -> None:
        """Set the expression in use; ScpiError +811 where it cannot be computed."""
        if len(text) > _LONGEST:
            raise refusal(811)
        evaluate(text, dict.fromkeys(("VOLT", "CURR", "RES", "TIME"), 1.0))
        self.expressions[self.expression_name] = text

    def status_bits(self) -> int:
        """Return the bits of the status word that say what is calculated."""
        tested = any(test.enabled for test in self.limits.values())
        return (MATHEMATICAL * self.math_enabled | NULLED * self.null_enabled | LIMITS_TESTED * tested)

    def take(self, values: dict[str, float], limited: bool) -> int:
        """Calculate from one reading; returns the bits of the measurement event register that limit tests set."""
        text = self.expressions[self.expression_name]
        self.math_result = evaluate(text, values) if self.math_enabled and text else NOT_A_NUMBER
        value = self.math_result if self.feed == "CALC1" else values[self.feed]
        self.nulled = value - self.null_offset if self.null_enabled and value < OVERFLOW else value
        bits = 0
        for number, test in self.limits.items():
            if not test.enabled:
                continue
            below, above = self.nulled < test.low, self.nulled > test.high
            if number == 1:
                below, above = limited == test.fails_in_compliance, False
            test.failed = below or above
            bits |= _failure_bit(number, below) if test.failed else 0
        if not bits and any(test.enabled for test in self.limits.values()):
            bits = 1 << 5   # all limit tests passed
        return bits

    def statistics_of(self, readings: Sequence[StoredReading], elements: Sequence[str]) -> list[float]:
        """Return the chosen statistic of stored voltages, currents and resistances."""
        found: list[float] = []
        for element in ("VOLT", "CURR", "RES"):
            if element in elements:
                values = [reading.values[element] for reading in readings]
                usable = bool(values) and all(abs(value) < OVERFLOW for value in values)
                found.append(_STATISTICS[self.statistic](values) if usable else NOT_A_NUMBER)
        return found


def _failure_bit(number: int, below: bool) -> int:
    """Return the bit of the measurement event register of a failed limit test (manual, section 15)."""
    if number == 1:
        return 1
    if number == 2:
        return 1 << 1 if below else 1 << 2
    return (1 << 3 if below else 1 << 4) if number == 3 else 0


_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "MEAN": statistics.fmean, "MAX": max, "MIN": min,
    "SDEV": lambda values: statistics.stdev(values) if len(values) > 1 else 0.0,
    "PKPK": lambda values: max(values) - min(values),
}


def evaluate(text: str, values: dict[str, float]) -> float:
    """Return the value of an expression such as ``(VOLT * CURR)``; NOT_A_NUMBER where it has none.

    Raises
    ------
    ScpiError
        +811: it is not an expression.
    """
    try:
        tree = ast.parse(capitals(text).replace("^", "**").strip(), mode="eval").body
        result = _value(tree, values)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refusal(811) from None
    except (ZeroDivisionError, OverflowError):
        return NOT_A_NUMBER
    return result if math.isfinite(result) else NOT_A_NUMBER


def _value(node: Any, values: dict[str, float]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        found: Any = _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
        return math.nan if isinstance(found, complex) else float(found)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.operand, values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        argument, = node.args
        number = _value(argument, values)
        return _FUNCTIONS[node.func.id](number) if node.func.id not in {"LOG", "LN"} or number > 0 else math.nan
    raise ValueError(text_of(node))


def text_of(node: Any) -> str:
    """Return a part of an expression as text."""
    return ast.dump(node)[:40]
