"""The value of an expression, with the interval in which it lies; what is not known stays unknown.

Intervals are added, multiplied and divided as sets (interval arithmetic): the result contains every value that the
expression can have while each number lies in its own interval. A comparison compares the values themselves; ``low(x)``
and ``high(x)`` compare the ends.
"""

import math
from collections.abc import Callable, Sequence

from tsbench.station.campaign.dimensions import PLAIN, root, times, unit_text
from tsbench.station.campaign.expression import Call, Combination, Expression, NameNode, Node, Word, WrittenNumber
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown, Value

Lookup = Callable[[NameNode], Value]
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}
_YES_OR_NO = ("and", "or", "not", *_COMPARED)


def evaluate(expression: Expression, lookup: Lookup) -> Value:
    """Return the value of an expression.

    Raises
    ------
    ExpressionError
        Its units do not agree, or a word stands where a number must.
    """
    return _value(expression.tree, lookup)


def number_of(expression: Expression, lookup: Lookup) -> Quantified | Unknown:
    """Return the value of an expression that must be a number.

    Raises
    ------
    ExpressionError
        It is a word, or true or false.
    """
    found = evaluate(expression, lookup)
    if isinstance(found, Quantified | Unknown):
        return found
    raise ExpressionError(f"'{expression.text}' is no number")


def truth_of(expression: Expression, lookup: Lookup) -> bool | Unknown:
    """Return whether a condition is met.

    Raises
    ------
    ExpressionError
        It is no condition.
    """
    found = evaluate(expression, lookup)
    if isinstance(found, bool | Unknown):
        return found
    raise ExpressionError(f"'{expression.text}' is no condition. Compare it with a number, for example with <")


def is_condition(expression: Expression) -> bool:
    """Whether an expression comes to true or false, by its form."""
    tree = expression.tree
    return (isinstance(tree, Combination) and tree.sign in _YES_OR_NO) or (
        isinstance(tree, Call) and tree.function == "known")


def _value(tree: Node, lookup: Lookup) -> Value:
    if isinstance(tree, WrittenNumber):
        return Quantified.exact(tree.value, tree.dimension)
    if isinstance(tree, Word):
        return tree.text
    if isinstance(tree, NameNode):
        return lookup(tree)
    if isinstance(tree, Call):
        return _call(tree, lookup)
    return _operation(tree, lookup)


def _operation(tree: Combination, lookup: Lookup) -> Value:
    if tree.sign in ("and", "or", "not"):
        return _logic(tree, lookup)
    if tree.sign in _COMPARED:
        return _comparison(tree, lookup)
    right = _value(tree.right, lookup)
    if tree.sign == "neg":
        return right if isinstance(right, Unknown) else _negative(_as_number(right, tree.sign))
    assert tree.left is not None
    left = _value(tree.left, lookup)
    if isinstance(left, Unknown):
        return left
    if isinstance(right, Unknown):
        return right
    return _arithmetic(tree.sign, _as_number(left, tree.sign), _as_number(right, tree.sign))


def _as_number(found: Value, where: str) -> Quantified:
    if isinstance(found, Quantified):
        return found
    raise ExpressionError(f"'{found}' is no number, but '{where}' needs one")


def _negative(one: Quantified) -> Quantified:
    return Quantified(-one.value, -one.high, -one.low, one.dimension, one.count)


def _same_unit(one: Quantified, other: Quantified, what: str) -> None:
    if one.dimension != other.dimension:
        units = [unit_text(number.dimension) or "no unit" for number in (one, other)]
        raise ExpressionError(f"{what} needs the same unit on both sides, but these are {units[0]} and {units[1]}")


def _arithmetic(sign: str, left: Quantified, right: Quantified) -> Quantified | Unknown:
    if sign in "+-":
        _same_unit(left, right, f"'{sign}'")
        other = right if sign == "+" else _negative(right)
        return Quantified(left.value + other.value, left.low + other.low, left.high + other.high, left.dimension)
    if sign == "/":
        if right.value == 0 or right.low <= 0 <= right.high:
            return Unknown("a division by a number that may be 0")
        low, high = sorted((1 / right.low, 1 / right.high))
        right = Quantified(1 / right.value, low, high, right.dimension)
    ends = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    unit = times(left.dimension, right.dimension, -1 if sign == "/" else 1)
    if not all(math.isfinite(end) for end in ends):
        ends = [-math.inf, math.inf]
    return Quantified(left.value * right.value, min(ends), max(ends), unit)


def _comparison(tree: Combination, lookup: Lookup) -> bool | Unknown:
    assert tree.left is not None
    sides = [_value(side, lookup) for side in (tree.left, tree.right)]
    for side in sides:
        if isinstance(side, Unknown):
            return side
    left, right = sides
    if isinstance(left, str) and isinstance(right, str) and tree.sign in ("==", "!="):
        return (left == right) is (tree.sign == "==")
    one, other = _as_number(left, tree.sign), _as_number(right, tree.sign)
    _same_unit(one, other, f"'{tree.sign}'")
    return _COMPARED[tree.sign](one.value, other.value)


def _logic(tree: Combination, lookup: Lookup) -> bool | Unknown:
    """Return and, or, not: one side may decide where the other is not known."""
    right = _yes_or_no(_value(tree.right, lookup), tree.sign)
    if tree.sign == "not":
        return right if isinstance(right, Unknown) else not right
    assert tree.left is not None
    left = _yes_or_no(_value(tree.left, lookup), tree.sign)
    decides = tree.sign == "or"
    for side in (left, right):
        if side is decides:
            return decides
    return next((side for side in (left, right) if isinstance(side, Unknown)), not decides)


def _yes_or_no(found: Value, where: str) -> bool | Unknown:
    if isinstance(found, bool | Unknown):
        return found
    raise ExpressionError(f"'{where}' needs conditions on both sides, such as a < b")


def _call(tree: Call, lookup: Lookup) -> Value:
    values = [_value(one, lookup) for one in tree.arguments]
    if tree.function == "known":
        return not isinstance(values[0], Unknown)
    if tree.function == "count":
        return Quantified.exact(0.0 if isinstance(values[0], Unknown) else _as_number(values[0], "count").count)
    for one in values:
        if isinstance(one, Unknown):
            return one
    return _of_numbers(tree.function, [_as_number(one, tree.function) for one in values])


def _of_numbers(function: str, numbers: Sequence[Quantified]) -> Value:
    first = numbers[0]
    for other in numbers[1:]:
        _same_unit(first, other, function)
    if function in ("min", "max"):
        choose: Callable[..., float] = min if function == "min" else max
        return Quantified(choose(n.value for n in numbers), choose(n.low for n in numbers),
                      choose(n.high for n in numbers), first.dimension)
    if function == "abs":
        ends = sorted((abs(first.low), abs(first.high)))
        return Quantified(abs(first.value), 0.0 if first.low <= 0 <= first.high else ends[0], ends[1], first.dimension)
    if function == "sqrt":
        unit = root(first.dimension)
        if unit is None:
            raise ExpressionError(f"there is no square root of {unit_text(first.dimension)}")
        if first.low < 0:
            return Unknown("a square root of a number that may be negative")
        return Quantified(math.sqrt(first.value), math.sqrt(first.low), math.sqrt(first.high), unit)
    if function == "round":
        if first.dimension != PLAIN:
            raise ExpressionError("round takes a number without a unit")
        return Quantified(round(first.value), round(first.low), round(first.high))
    end = {"width": first.high - first.low, "low": first.low, "high": first.high}[function]
    if not math.isfinite(end):
        return Unknown("one end of the interval is not known")
    return Quantified.exact(end, first.dimension)


def between(one: Quantified, other: Quantified, share: float, *, logarithmic: bool) -> Quantified | Unknown:
    """Return the number at a share of the way from one number to the other, on a linear or logarithmic scale.

    Parameters
    ----------
    one, other : ends of the way, with equal units
    share : of the way, 0 to 1
    logarithmic : whether equal shares are equal factors

    Raises
    ------
    ExpressionError
        The units of the two differ.
    """
    _same_unit(one, other, "a range")
    if not logarithmic:
        mixed = [(1 - share) * a + share * b for a, b in _pairs(one, other)]
    elif min(one.low, other.low) <= 0:
        return Unknown("a logarithmic range whose ends may not be positive")
    else:
        mixed = [a ** (1 - share) * b**share for a, b in _pairs(one, other)]
    return Quantified(mixed[0], mixed[1], mixed[2], one.dimension)


def _pairs(one: Quantified, other: Quantified) -> list[tuple[float, float]]:
    return [(one.value, other.value), (one.low, other.low), (one.high, other.high)]
