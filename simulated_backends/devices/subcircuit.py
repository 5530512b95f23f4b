"""The ngspice subcircuit of a device whose author wrote none, from the source text of its equations.

It can be made where the equations use the parameters themselves and consist of assignments and one ``return``: the
current is a source, each state the voltage of a node that a current charges, in units of its tolerance.
"""

import ast
import math
from collections.abc import Mapping

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.imported_text import equations_tree
from tsbench.simulated_backends.devices.mechanism import (
    CONTROL_VOLTAGE,
    CURRENT,
    VOLTAGE,
    mechanism_of,
    plain,
)
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.source_text import returned

_CHARGE = 1e-9  #: [F] of a node that stands for a state
_FUNCTIONS = {name: name for name in (
    "exp", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "abs", "min", "max")}
_FUNCTIONS["log"] = "ln"
#: what ngspice takes for something of its own, whatever parameter has the name (manual: sources, .param, subcircuits):
#: the multiplier of an element, variables, constants, operators and functions
_TAKEN = frozenset((
    "m", "time", "temper", "hertz", "e", "pi", "div", "mod", "defined", "sqr", "sqrt", "sin", "cos", "exp", "ln", "log",
    "log10", "arctan", "abs", "pow", "pwr", "pwl", "max", "min", "int", "sinh", "cosh", "tanh", "ternary_fcn", "sgn",
    "gauss", "agauss", "unif", "aunif", "limit", "ceil", "floor", "nint", "asin", "acos", "atan", "asinh", "acosh",
    "atanh", "tan"))
_OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class _NotInSpice(Exception):
    """Part of the equations has no form in ngspice."""


def subcircuit_of(model: DeviceModel) -> tuple[str, ...] | None:
    """Return the elements of a device's subcircuit: its author's, or made from its equations; None: neither is there.

    Parameters
    ----------
    model : the nominal device; where its states rest is taken from it
    """
    written = written_lines(model)
    if written is not None or type(model).columns is not DeviceModel.columns or model.noises:
        return written
    try:
        return _made(model)
    except _NotInSpice:
        return None


def require_ngspice_names(model: DeviceModel) -> None:
    """Refuse names that mean something else in a subcircuit that is made from the equations.

    Raises
    ------
    ConfigurationError
        One line with the device model, and the name of the parameter, state or terminal.
    """
    nodes = {f"s_{name}".lower() for name in ("inner", *model.states)}
    for kind, names in (("parameter", model.parameters()), ("state", model.states), ("terminal", model.terminals)):
        for name in names:
            what = f"device model {model.mechanism}: {kind} '{name}'"
            advice = "Rename it, or write the method subcircuit"
            if not name.isascii() or name.startswith("__"):
                raise ConfigurationError(
                    f"{what} cannot be written for ngspice. There, a name consists of letters of the English alphabet, "
                    f"digits and _, and it does not begin with __. {advice}")
            if name.lower() in {"parameter": _TAKEN, "state": {"inner"}, "terminal": {*nodes, "0", "gnd"}}[kind]:
                raise ConfigurationError(f"{what} has another meaning in its subcircuit for ngspice. {advice}")


def written_lines(model: DeviceModel) -> tuple[str, ...] | None:
    """Return the elements of the subcircuit that a device's author wrote; a text is split into its lines.

    Raises
    ------
    ConfigurationError
        ``subcircuit`` raises something, or returns neither text nor lines of text.
    """
    try:
        written: object = model.subcircuit()
    except Exception as error:  # another author's
        raise ConfigurationError(
            f"device model {model.mechanism}: its subcircuit raises {type(error).__name__} ({error})") from error
    if written is None:
        return None
    lines = [line for line in written.splitlines() if line.strip()] if isinstance(written, str) else written
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ConfigurationError(
            f"device model {model.mechanism}: its subcircuit returns {written!r:.60}. It must return a tuple of lines "
            "of text")
    return tuple(lines)


def _made(model: DeviceModel) -> tuple[str, ...]:
    mechanism, function = mechanism_of(type(model)), plain(model.equations)
    inner = f"V({model.carries[0]},{model.carries[1]})"
    units = dict(zip(model.states, model.state_tolerances(), strict=True))
    known = {VOLTAGE: inner, CURRENT: "i(Vself)", **{name: f"{{{name}}}" for name in model.parameters()}}
    known |= {name: f"({unit!r}*V(s_{name}))" for name, unit in units.items()}
    if model.senses is not None:
        known[CONTROL_VOLTAGE] = f"V({model.senses[0]},{model.senses[1]})"
    writer = _SpiceWriter(known, function.__globals__)
    results = writer.results(equations_tree(mechanism).body)
    if returned(mechanism) == mechanism.outputs:   # derivatives stand between
        results = results[:: len(model.states) + 3][: len(model.states) + 1]
    high, low = model.carries
    lines = [f"Vself {high} s_inner 0", f"Bself s_inner {low} I = ({results[0]})+i(Vself)"]
    for (name, unit), rate, rest in zip(units.items(), results[1:], model.rest(), strict=True):
        lines += [f"Bs_{name} 0 s_{name} I = {_CHARGE / unit!r}*({rate})",
                  f"Cs_{name} s_{name} 0 {_CHARGE!r} ic={_initial(model, rest, unit)}"]
    return tuple(lines)


def _initial(model: DeviceModel, rest: float, unit: float) -> str:
    """Return where a state rests: by the parameter that it equals, so that a netlist may replace that one."""
    equal = [name for name, value in model.parameters().items() if value == rest and rest != 0.0]
    return f"{{{equal[0]}/{unit!r}}}" if len(equal) == 1 else repr(rest / unit)


class _SpiceWriter:
    """Writes expressions as ngspice reads them; local names are replaced by what they stand for."""

    def __init__(self, known: Mapping[str, str], constants: Mapping[str, object]) -> None:
        self.known, self.constants = dict(known), constants

    def results(self, body: list[ast.stmt]) -> list[str]:
        """Return what the equations return."""
        for statement in body:
            match statement:
                case ast.Expr(ast.Constant()):
                    pass
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                    self.known[name] = f"({self.text(value)})"
                case ast.Assign([ast.Tuple(names)], ast.Tuple(values)) if len(names) == len(values):
                    self.known |= dict(zip(map(ast.unparse, names), [f"({self.text(v)})" for v in values], strict=True))
                case ast.Return(ast.Tuple(values)):
                    return [self.text(value) for value in values]
                case ast.Return(ast.expr() as value):
                    return [self.text(value)]
                case _:
                    raise _NotInSpice
        raise _NotInSpice

    def text(self, node: ast.expr) -> str:
        """Return one expression."""
        match node:
            case ast.Constant(int() | float() as value):
                return repr(float(value))
            case ast.Name(name) if name in self.known:
                return self.known[name]
            case ast.Name(name) if isinstance(self.constants.get(name), int | float):
                return repr(float(self.constants[name]))  # type: ignore[arg-type]
            case ast.Attribute(ast.Name("math"), "pi"):
                return repr(math.pi)
            case ast.UnaryOp(ast.USub(), operand):
                return f"(-{self.text(operand)})"
            case ast.BinOp(left, operator, right) | ast.Compare(left, [operator], [right]):
                return f"({self._between(self.text(left), operator, right)})"
            case ast.IfExp(test, body, otherwise):
                return f"({self.text(test)} ? {self.text(body)} : {self.text(otherwise)})"
            case ast.Call(function, arguments, []):
                return f"{self._function(function)}({','.join(map(self.text, arguments))})"
        raise _NotInSpice

    def _between(self, left: str, operator: ast.AST, right: ast.expr) -> str:
        if isinstance(operator, ast.Pow):
            if isinstance(right, ast.Constant) and isinstance(right.value, int | float) and right.value in (2, 3, 4):
                return "*".join([left] * int(right.value))
            return f"{left}^{self.text(right)}"
        if type(operator) not in _OPERATORS:
            raise _NotInSpice
        return f"{left}{_OPERATORS[type(operator)]}{self.text(right)}"

    @staticmethod
    def _function(function: ast.expr) -> str:
        name = function.attr if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "math" else (
            function.id if isinstance(function, ast.Name) else "")
        if name not in _FUNCTIONS:
            raise _NotInSpice
        return _FUNCTIONS[name]
