"""Derivatives from the source text of equations against finite differences, for everything that may stand in them."""

import linecache
import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.derivatives import RULES, with_derivatives
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.model import DeviceModel

GAIN = 3.0  #: a number of this module
POINTS = [(0.3, 0.2, 0.6, 0.45, 1.7), (-0.4, 0.15, 0.35, 0.8, 0.9), (0.55, -0.3, 0.7, -0.2, 1.2)]  #: v, i, x, w, p


def model_of(equations: Callable[..., Any], gate: bool = True) -> type[DeviceModel]:
    """Return a device with one state, a parameter p and a gate, if its equations take one."""
    class Model(DeviceModel):
        mechanism: ClassVar[str] = equations.__name__
        states: ClassVar[tuple[str, ...]] = ("x",)
        terminals: ClassVar[tuple[str, ...]] = ("a", "b", "g")
        senses: ClassVar[tuple[str, str] | None] = ("g", "b") if gate else None

        def rest(self) -> tuple[float, ...]:
            return (0.5,)

        def state_tolerances(self) -> tuple[float, ...]:
            return (1.0,)

    Model.equations = staticmethod(equations)
    return Model


def derived(equations: Callable[..., Any], gate: bool = True) -> Callable[..., tuple[float, ...]]:
    names: dict[str, Any] = {"math": math, "GAIN": GAIN}
    exec(with_derivatives(mechanism_of(model_of(equations, gate))), names)
    function: Callable[..., tuple[float, ...]] = names["equations"]
    return function


def differences(equations: Callable[..., Any], point: tuple[float, ...], arguments: int) -> list[float]:
    """Return what equations with all derivatives return: of v, i, x, and of w behind them all."""
    def slopes(argument: int) -> list[float]:
        step = 1e-5
        high, low, wide, far = (equations(*(value + shift * step * (place == argument)
                                            for place, value in enumerate(point))) for shift in (1, -1, 2, -2))
        return [(8.0 * (a - b) - (c - d)) / (12.0 * step) for a, b, c, d in zip(high, low, wide, far, strict=True)]

    values, by = equations(*point), [slopes(argument) for argument in range(arguments)]
    rows = [number for e, value in enumerate(values) for number in (value, by[0][e], by[1][e], by[2][e])]
    return rows + (by[3] if arguments == 4 else [])


# ---------------------------------------------------------------------------------------------- what may stand in them


def sums(v: float, i: float, x: float, w: float, p: float) -> Any:
    """Have some text."""
    a = v + x
    b: float = p - w
    c = a - b + p
    return c - i + GAIN, -(x - v) + (2.0 - w) - (p + 1.0)


def products(v: float, i: float, x: float, w: float, p: float) -> Any:
    a = v * x * w
    b = p * GAIN
    return a * b - i * i, a * a * p + b * x


def quotients(v: float, i: float, x: float, w: float, p: float) -> Any:
    return v / x - i / p, (1.0 - w) / (v * v + 2.0) + p / x + 3.0 / (x + w * w)


def powers(v: float, i: float, x: float, w: float, p: float) -> Any:
    return v**2 - x**p + i, x**-1.5 * (2.0 + v) ** x + p**w


def conditional(v: float, i: float, x: float, w: float, p: float) -> Any:
    return (v * x if v > 0.0 else w * w) - i, p if x < 0.5 else x * w


def branches(v: float, i: float, x: float, w: float, p: float) -> Any:
    current = 0.0
    slope = p
    if v > 0.0:
        current = v * x
        slope = slope * x
    elif i > 0.1:
        current += w * v
        x = x * x
    else:
        pass
    if p > 1.0:
        slope = slope + v * v
    return current - i, slope * x - w


def on_arguments(v: float, i: float, x: float, w: float, p: float) -> Any:
    if v < 0.0:
        v = -v * v
    x *= 2.0
    x -= w
    return v * x - i, x * v + p


def swapped(v: float, i: float, x: float, w: float, p: float) -> Any:
    a, b = v * v, x
    a, b = b, a * w
    return a - i, b * p


def forgotten(v: float, i: float, x: float, w: float, p: float) -> Any:
    a = v * x
    b = a * w
    a = p
    return a * v - i, b + a


def chosen(v: float, i: float, x: float, w: float, p: float) -> Any:
    return min(v * v, x * 0.2) - i, max(w, p * x) * min(p, 3.0 * w) + max(v, 0.1)


def signs(v: float, i: float, x: float, w: float, p: float) -> Any:
    return abs(v * x) * abs(w) - i, math.copysign(x * w, v) + math.copysign(i, -x) - math.copysign(p, w)


def exponentials(v: float, i: float, x: float, w: float, p: float) -> Any:
    return math.exp(v * p) - math.expm1(i / x), math.log(x * p) + math.log1p(w * w) * math.sqrt(x + v * v)


def angles(v: float, i: float, x: float, w: float, p: float) -> Any:
    return (math.sin(v * p) + math.cos(x) - math.tan(i * w),
            math.asin(v * x) - math.acos(x * w) + math.atan(p * w))


def hyperbolic(v: float, i: float, x: float, w: float, p: float) -> Any:
    return math.sinh(v * p) - math.cosh(i + x), math.tanh(w * x * p)


def names_of_tsbench(v: float, i: float, x: float, w: float, p: float) -> Any:
    """Have the names that tsbench would choose for its own variables."""
    _new, _x1, _t0, v__v, x__x, x__1__w = 3.0, 5.0, 7.0, 11.0, 13.0, 17.0
    a, b = v * v * x, v * _t0
    _x2 = a * w * _x1
    a__v = x__x * w
    return a * _new + b * v__v - i, _x2 * a__v + (b if a > 0.0 else x) * x__1__w


@pytest.mark.parametrize("equations", [
    sums, products, quotients, powers, conditional, branches, on_arguments, swapped, forgotten, chosen, signs,
    exponentials, angles, hyperbolic, names_of_tsbench])
def test_they_are_those_of_differences(equations: Callable[..., Any]) -> None:
    function = derived(equations)
    for point in POINTS:
        assert function(*point) == pytest.approx(differences(equations, point, 4), rel=1e-8, abs=1e-9)


def test_every_rule_is_looked_at() -> None:
    text = "".join(with_derivatives(mechanism_of(model_of(f))) for f in (exponentials, angles, hyperbolic))
    assert all(f"math.{name}(" in text for name in RULES)


def without_gate(v: float, i: float, x: float, p: float) -> Any:
    return v * v * x - i, p * x * v


def test_without_a_control_voltage_none_is_derived_by() -> None:
    function = derived(without_gate, gate=False)
    for v, i, x, _, p in POINTS:
        assert function(v, i, x, p) == pytest.approx(differences(without_gate, (v, i, x, p), 3), rel=1e-8, abs=1e-9)


def residual_alone(v: float, i: float, p: float) -> Any:
    return v / p - i


def test_a_device_without_states_returns_one_number() -> None:
    class Plain(DeviceModel):
        mechanism: ClassVar[str] = "plain"

    Plain.equations = staticmethod(residual_alone)
    names: dict[str, Any] = {}
    exec(with_derivatives(mechanism_of(Plain)), names)
    assert names["equations"](3.0, 0.5, 4.0) == pytest.approx((0.25, 0.25, -1.0))


# ---------------------------------------------------------------------------------------------- what may not


def loop(v: float, i: float, x: float, w: float, p: float) -> Any:
    for _ in range(3):
        x = x * v
    return v - i, x


def own_function(v: float, i: float, x: float, w: float, p: float) -> Any:
    return v - i, differences(v, x, w)  # type: ignore[arg-type]


def remainder(v: float, i: float, x: float, w: float, p: float) -> Any:
    return v - i, x % p


def unpacked(v: float, i: float, x: float, w: float, p: float) -> Any:
    pair = (v, x)
    return pair, v


def assigned_part(v: float, i: float, x: float, w: float, p: float) -> Any:
    table = [0.0]
    table[0] = v
    return v - i, x


def inverted(v: float, i: float, x: float, w: float, p: float) -> Any:
    return v - i, not x


def three(v: float, i: float, x: float, w: float, p: float) -> Any:
    return v - i, min(v, x, w)


@pytest.mark.parametrize(("equations", "said"), [
    (loop, "for _ in range(3):"), (own_function, "differences(v, x, w)"), (remainder, "x % p"), (unpacked, "(v, x)"),
    (assigned_part, "table[0] = v"), (inverted, "not x"), (three, "min(v, x, w)")])
def test_anything_else_is_refused_with_its_text(equations: Callable[..., Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        derived(equations)
    found = re.fullmatch(re.escape(
        f"device model {equations.__name__}: tsbench cannot differentiate '{said}' in its equations "
        "(test_derived_derivatives.py, line #). Return the derivatives as well (see docs/plugins.md)",
    ).replace(r"\#", r"(\d+)"), str(error.value))
    assert found and said in linecache.getline(__file__, int(found[1]))
