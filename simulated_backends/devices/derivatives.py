"""Derivatives of a device's equations, from their source text: forward mode, rule by rule, exact.

For equations that return the residual and the rates alone. From each assignment ``x = ...`` follows one for the
derivative of x by each of v, i, w and the states: sums, products, quotients and powers, the functions of ``math``
below, ``abs``, ``min``, ``max``, conditional expressions and ``if``. Anything else (loops, arrays, functions of one's
own) is refused: its author writes the derivatives down.
"""

import ast
import builtins
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.imported_text import equations_tree
from tsbench.simulated_backends.devices.mechanism import CONTROL_VOLTAGE, CURRENT, VOLTAGE, Mechanism, plain

#: the derivative of a function at {x} where its value is {y}
RULES = {
    "exp": "{y}", "log": "1.0 / {x}", "log1p": "1.0 / (1.0 + {x})", "expm1": "({y} + 1.0)",
    "sqrt": "0.5 / {y}", "sin": "math.cos({x})", "cos": "-math.sin({x})", "tan": "(1.0 + {y} * {y})",
    "sinh": "math.cosh({x})", "cosh": "math.sinh({x})", "tanh": "(1.0 - {y} * {y})",
    "asin": "1.0 / math.sqrt(1.0 - {x} * {x})", "acos": "-1.0 / math.sqrt(1.0 - {x} * {x})",
    "atan": "1.0 / (1.0 + {x} * {x})",
}


class _NoTangent(Exception):
    def __init__(self, node: ast.AST, reason: str = "") -> None:
        self.line, self.text, self.reason = getattr(node, "lineno", 0), ast.unparse(node).splitlines()[0], reason
        super().__init__(self.text)


def with_derivatives(mechanism: Mechanism) -> str:
    """Return the text of a function ``equations`` that returns all derivatives as well.

    Raises
    ------
    ConfigurationError
        A line of the equations is not one that can be differentiated; the message has it.
    """
    model, function = mechanism.model, plain(mechanism.model.equations)
    by = [VOLTAGE, CURRENT, *model.states, *([CONTROL_VOLTAGE] if model.senses else [])]
    tree = equations_tree(mechanism)
    try:
        body = _TangentWriter(by, len(model.states), _names(tree)).block(tree.body, set(by))
        _require_known_names(tree, function)
    except _NoTangent as refused:
        place = f"{Path(function.__code__.co_filename).name}, line {refused.line}"
        advice = "Otherwise, return" if refused.reason else "Return"
        raise ConfigurationError(
            f"device model {mechanism.name}: tsbench cannot differentiate '{refused.text}' in its equations ({place})"
            f"{refused.reason}. {advice} the derivatives as well (see docs/plugins.md)") from None
    return "\n".join([f"def equations({', '.join(mechanism.arguments)}):", *(f"    {line}" for line in body), ""])


def module_numbers(function: Callable[..., Any]) -> dict[str, float]:
    """Return the numbers that equations take from their module, by name."""
    code, values = function.__code__, function.__globals__
    return {name: values[name] for name in code.co_names
            if name not in code.co_varnames and isinstance(values.get(name), int | float)}


def unused(candidates: Iterable[str], names: Iterable[str]) -> str:
    """Return the first candidate with which none of the names begins."""
    known = tuple(names)
    return next(candidate for candidate in candidates if not any(name.startswith(candidate) for name in known))


def _names(tree: ast.FunctionDef) -> set[str]:
    """Return the names in the equations of an author."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {arg.arg for arg in tree.args.args}


def _require_known_names(tree: ast.FunctionDef, function: Callable[..., Any]) -> None:
    """Refuse a statement with a name that its module defines and that is not a number."""
    known = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    known |= {*(argument.arg for argument in tree.args.args), *module_numbers(function), *vars(builtins)}
    known |= {"math"} if function.__globals__.get("math") is math else set()
    for statement in ast.walk(tree):
        match statement:
            case (ast.Assign(_, used) | ast.AugAssign(_, _, used) | ast.AnnAssign(_, _, ast.expr() as used)
                  | ast.Return(ast.expr() as used) | ast.If(used)):
                pass
            case _:
                continue
        for node in ast.walk(used):
            if isinstance(node, ast.Name) and node.id not in known:
                raise _NoTangent(statement, (
                    f", because '{node.id}' is not a number (int or float). Use only arguments, local variables, "
                    "functions of math, and numbers of the module, for example K = 1.38e-23"))


class _TangentWriter:
    """Writes statements with their derivatives; that of ``x`` by ``v`` is called ``x__v``.

    Parameters
    ----------
    by : names of what it differentiates by
    states : how many of them are states
    names : that the author has taken. If they contain a name that this class would choose, it chooses another
    """

    def __init__(self, by: Sequence[str], states: int, names: set[str]) -> None:
        self.by, self.states, self.count = list(by), states, 0
        self.given = set(by)   # names that still have the value that they came with
        self.value, self.part, self.new = (
            unused((prefix + "_" * count for count in itertools.count()), names) for prefix in ("_x", "_t", "_new"))
        joints = itertools.chain(("__",), (f"__{number}__" for number in itertools.count(1)))
        all_names = names | set(by)
        self.joint = next(joint for joint in joints if len(
            all_names | {f"{name}{joint}{b}" for name in all_names for b in by}) == len(all_names) * (1 + len(by)))

    def slope(self, name: str, by: str) -> str:
        """Return the name of a derivative."""
        return f"{name}{self.joint}{by}"

    def block(self, statements: Sequence[ast.stmt], moving: set[str]) -> list[str]:
        """Return the lines of a block; ``moving`` are the names that depend on anything in ``by``, and grows."""
        lines: list[str] = []
        for statement in statements:
            match statement:
                case ast.Expr(ast.Constant()) | ast.Pass():
                    pass
                case ast.Assign([ast.Name(name)], value):
                    lines += self._assign(name, value, moving)
                case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)) if len(targets) == len(values) and all(
                        isinstance(target, ast.Name) for target in targets):
                    for place, value in enumerate(values):
                        lines += self._assign(f"{self.part}{place}", value, moving)
                    for place, target in enumerate(targets):
                        lines += self._assign(ast.unparse(target), ast.Name(f"{self.part}{place}"), moving)
                case ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                    lines += self._assign(name, value, moving)
                case ast.AugAssign(ast.Name(name), operator, value):
                    changed = ast.BinOp(ast.Name(name), operator, value)
                    lines += self._assign(name, ast.copy_location(changed, statement), moving)
                case ast.If(test, body, otherwise):
                    lines += self._if(test, body, otherwise, moving)
                case ast.Return(ast.expr() as value):
                    lines += self._return(value, moving)
                case _:
                    raise _NoTangent(statement)
        return lines

    def _assign(self, name: str, value: ast.expr, moving: set[str]) -> list[str]:
        lines, text, slopes = self.expression(value, moving)
        moves = bool(slopes) or name in moving
        derivatives = [f"{self.slope(name, b)} = {slopes.get(b, '0.0')}" for b in self.by if moves]
        moving |= {name} if derivatives else set()
        self.given.discard(name)
        held = [f"{self.new} = {text}"] if derivatives else [f"{name} = {text}"]
        return [*lines, *held, *derivatives, *([f"{name} = {self.new}"] if derivatives else [])]

    def _if(self, test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt], moving: set[str]) -> list[str]:
        changed = {name.id for part in (*body, *otherwise) for name in ast.walk(part)
                   if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        begun = [f"{self.slope(name, b)} = {float(b == name)}"
                 for name in sorted(changed & self.given | changed - moving) for b in self.by]
        moving |= changed
        self.given -= changed
        branches = [(f"if {ast.unparse(test)}:", body), *([("else:", otherwise)] if otherwise else [])]
        written = [line for head, part in branches
                   for line in (head, *(f"    {line}" for line in self.block(part, moving) or ["pass"]))]
        return [*begun, *written]

    def _return(self, value: ast.expr, moving: set[str]) -> list[str]:
        results = value.elts if isinstance(value, ast.Tuple) else [value]
        lines, numbers, by_control = [], [], []
        for result in results:
            more, text, slopes = self.expression(result, moving)
            lines += more
            numbers += [text, *(slopes.get(b, "0.0") for b in self.by[: 2 + self.states])]
            by_control += [slopes.get(b, "0.0") for b in self.by[2 + self.states:]]
        return [*lines, f"return ({', '.join([*numbers, *by_control])})"]

    # ------------------------------------------------------------------------------------ expressions

    def expression(self, node: ast.expr, moving: set[str]) -> tuple[list[str], str, dict[str, str]]:
        """Return statements to go before, the text of the value, and the text of its derivatives that are not 0."""
        text = ast.unparse(node)
        names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        if not names & moving:
            return [], f"({text})", {}
        match node:
            case ast.Name(name):
                return [], name, {name: "1.0"} if name in self.given else {b: self.slope(name, b) for b in self.by}
            case ast.UnaryOp(ast.USub(), operand):
                lines, x, slopes = self.expression(operand, moving)
                return lines, f"(-{x})", {b: f"(-{s})" for b, s in slopes.items()}
            case ast.BinOp(left, operator, right):
                return self._binary(node, left, operator, right, moving)
            case ast.IfExp(test, body, otherwise):
                more, x, by_x = self._named(body, moving)
                again, y, by_y = self._named(otherwise, moving)
                condition = self._name()
                lines = [*more, *again, f"{condition} = {ast.unparse(test)}"]
                return self._keep(lines, f"{x} if {condition} else {y}", {
                    b: f"{by_x.get(b, '0.0')} if {condition} else {by_y.get(b, '0.0')}" for b in {**by_x, **by_y}})
            case ast.Call(ast.Name("abs"), [x], []):
                lines, value, slopes = self._named(x, moving)
                return self._keep(lines, f"abs({value})", {
                    b: f"{s} if {value} >= 0.0 else -{s}" for b, s in slopes.items()})
            case ast.Call(ast.Name("min" | "max" as which), [first, second], []):
                more, x, by_x = self._named(first, moving)
                again, y, by_y = self._named(second, moving)
                chosen = f"{x} {'<=' if which == 'min' else '>='} {y}"
                return self._keep([*more, *again], f"{x} if {chosen} else {y}", {
                    b: f"{by_x.get(b, '0.0')} if {chosen} else {by_y.get(b, '0.0')}" for b in {**by_x, **by_y}})
            case ast.Call(ast.Attribute(ast.Name("math"), function), [argument], []) if function in RULES:
                lines, x, slopes = self._named(argument, moving)
                value = self._name()
                rule = RULES[function].format(x=x, y=value)
                return [*lines, f"{value} = math.{function}({x})"], value, {
                    b: f"({rule} * {s})" for b, s in slopes.items()}
            case ast.Call(ast.Attribute(ast.Name("math"), "copysign"), [size, sign], []):
                more, x, by_x = self._named(size, moving)
                again, y, _ = self._named(sign, moving)
                return self._keep([*more, *again], f"math.copysign({x}, {y})", {
                    b: f"{s} if ({x} >= 0.0) == ({y} >= 0.0) else -{s}" for b, s in by_x.items()})
        raise _NoTangent(node)

    def _binary(
        self, node: ast.expr, left: ast.expr, operator: ast.operator, right: ast.expr, moving: set[str]
    ) -> tuple[list[str], str, dict[str, str]]:
        more, x, by_x = self._named(left, moving)
        again, y, by_y = self._named(right, moving)
        lines, both = [*more, *again], list(dict.fromkeys((*by_x, *by_y)))
        match operator:
            case ast.Add() | ast.Sub():
                sign = "+" if isinstance(operator, ast.Add) else "-"
                return self._keep(lines, f"{x} {sign} {y}", {
                    b: f"{by_x.get(b, '0.0')} {sign} {by_y[b]}" if b in by_y else by_x[b] for b in both})
            case ast.Mult():
                return self._keep(lines, f"{x} * {y}", {
                    b: " + ".join(f"{slopes[b]} * {other}" for slopes, other in ((by_x, y), (by_y, x)) if b in slopes)
                    for b in both})
            case ast.Div():
                value = self._name()
                return self._keep([*lines, f"{value} = {x} / {y}"], value, {
                    b: f"({by_x.get(b, '0.0')} - {value} * {by_y[b]}) / {y}" if b in by_y else f"{by_x[b]} / {y}"
                    for b in both})
            case ast.Pow() if not by_y:
                return self._keep(lines, f"{x} ** {y}", {b: f"{y} * {x} ** ({y} - 1.0) * {by_x[b]}" for b in both})
            case ast.Pow():
                value = self._name()
                return self._keep([*lines, f"{value} = {x} ** {y}"], value, {
                    b: f"{value} * ({by_y.get(b, '0.0')} * math.log({x}) + {y} * {by_x.get(b, '0.0')} / {x})"
                    for b in both})
        raise _NoTangent(node)

    def _named(self, node: ast.expr, moving: set[str]) -> tuple[list[str], str, dict[str, str]]:
        """Return an expression as the name of its value, so that rules may repeat it."""
        lines, text, slopes = self.expression(node, moving)
        if text.isidentifier():
            return lines, text, slopes
        name = self._name()
        return [*lines, f"{name} = {text}"], name, slopes

    def _keep(
        self, lines: list[str], text: str, slopes: dict[str, str]
    ) -> tuple[list[str], str, dict[str, str]]:
        """Give a value and its derivatives names."""
        name = self._name()
        return ([*lines, f"{name} = {text}", *(f"{self.slope(name, b)} = {s}" for b, s in slopes.items())], name,
                {b: self.slope(name, b) for b in slopes})

    def _name(self) -> str:
        self.count += 1
        return f"{self.value}{self.count}"
