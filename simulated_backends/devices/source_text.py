"""The text of compiled modules that is written from device models: which functions they import, how they are called."""

import ast
import functools
import hashlib
import itertools
from collections.abc import Mapping, Sequence

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.derivatives import module_numbers, unused, with_derivatives
from tsbench.simulated_backends.devices.imported_text import equations_tree
from tsbench.simulated_backends.devices.mechanism import CURRENT, VOLTAGE, Mechanism, mechanism_of, plain
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import stamp_of_others

_WITH_KINKS = {"min", "max", "abs", "fabs", "copysign", "floor", "ceil", "trunc", "round", "fmod"}
COMPILATION = "tsbench.simulated_backends.numerics.compilation"


@functools.cache
def returned(mechanism: Mechanism) -> int:
    """Return how many numbers the equations as they are written return.

    Raises
    ------
    ConfigurationError
        The number is neither that of residual and rates nor that of all with their derivatives.
    """
    returns = [node for node in ast.walk(equations_tree(mechanism)) if isinstance(node, ast.Return)]
    counts = {len(node.value.elts) if isinstance(node.value, ast.Tuple) else 1 for node in returns}
    if len(counts) == 1 and not any(isinstance(e, ast.Starred) for node in returns for e in _elements(node)):
        count = counts.pop()
        if count in (1 + len(mechanism.model.states), mechanism.outputs):
            return count
        said = f"return {count} numbers"
    else:
        said = "do not return a tuple that always has the same length"
    raise ConfigurationError(
        f"device model {mechanism.name}: its equations {said}. Return {1 + len(mechanism.model.states)} numbers "
        f"(residual and rates), or {mechanism.outputs} numbers (residual, rates and all derivatives)")


@functools.cache
def has_branches(mechanism: Mechanism) -> bool:
    """Return whether the text of the equations contains ``if``, ``min``, ``max``, ``abs`` or rounding, as kinks do."""
    nodes = list(ast.walk(equations_tree(mechanism)))
    functions = (node.func for node in nodes if isinstance(node, ast.Call))
    names = {getattr(function, "id", getattr(function, "attr", "")) for function in functions}
    return bool(names & _WITH_KINKS) or any(isinstance(node, ast.If | ast.IfExp) for node in nodes)


def _elements(node: ast.Return) -> Sequence[ast.expr]:
    return node.value.elts if isinstance(node.value, ast.Tuple) else []


def equations_name(mechanism: Mechanism) -> str:
    """Return what a generated module calls the equations of a mechanism."""
    return f"{mechanism.name}_equations"


def definitions(mechanism: Mechanism) -> list[str]:
    """Return lines that define the equations (and the noise interval) of a mechanism in a generated module."""
    model = mechanism.model
    if "<locals>" in model.__qualname__ or model.__module__ == "__main__":
        raise ConfigurationError(
            f"device model {mechanism.name}: the class {model.__name__} can only be compiled if its module can be "
            "imported. Write the class into a separate file")
    name, top = equations_name(mechanism), model.__qualname__.split(".")[0]
    lines = [f"from {model.__module__} import {top}"]
    if stamp := stamp_of_others(plain(model.equations)):
        lines.append(f"# made from {hashlib.sha256(stamp.encode()).hexdigest()}")
    if returned(mechanism) == mechanism.outputs:
        lines.append(f"{name} = as_compiled({model.__qualname__}.equations)")
    else:
        lines += _derived(mechanism, name)
    if model.noises:
        lines.append(f"{mechanism.name}_interval = as_compiled({model.__qualname__}.noise_interval)")
    return lines


def _derived(mechanism: Mechanism, name: str) -> list[str]:
    """Return lines that define the equations with derivatives, and import the numbers that they take from a module.

    The numbers get names that no other mechanism has, because several mechanisms share one generated module.
    """
    function, text = plain(mechanism.model.equations), with_derivatives(mechanism)
    imports, numbers = [], module_numbers(function)
    if numbers:
        tree = ast.parse(text)
        prefixes = (f"{mechanism.name}_number{'_' * count}" for count in itertools.count(1))
        prefix = unused(prefixes, (node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in numbers:
                node.id = f"{prefix}{node.id}"
        text = ast.unparse(tree)
        renamed = ", ".join(f"{number} as {prefix}{number}" for number in numbers)
        imports = [f"from {function.__module__} import {renamed}"]
    return [*imports, "@inlined", *text.replace("def equations", f"def {name}", 1).splitlines()]


def called(mechanism: Mechanism, name: str, arguments: Sequence[str], values: Mapping[str, str], table: str) -> str:
    """Return the text of a call: ``values`` of v, i and the states; the rest from the row that ``table`` begins."""
    given = [values[a] if a in values else f"{table}, {mechanism.place(a)}]" for a in arguments]
    return f"{name}({', '.join(given)})"


def from_row(mechanism: Mechanism) -> Mapping[str, str]:
    """Return the values of v, i and the states where the states stand in ``y`` from ``first`` on."""
    states = {state: f"y[first + {s}]" if s else "y[first]" for s, state in enumerate(mechanism.model.states)}
    return {VOLTAGE: "v", CURRENT: "i", **states}


def outputs_from_row(mechanism: Mechanism) -> str:
    """Return the statement that writes all outputs of a device into ``out``."""
    outputs = ", ".join(f"out[{place}]" for place in range(mechanism.outputs))
    return f"({outputs}) = " + called(
        mechanism, equations_name(mechanism), mechanism.arguments, from_row(mechanism), "p[k")


def interval_from_row(mechanism: Mechanism) -> str:
    """Return the text of the length of a piece of a device's noise."""
    return "float(" + called(
        mechanism, f"{mechanism.name}_interval", mechanism.interval_arguments, from_row(mechanism), "p[k") + ")"


def vectorises(mechanism: Mechanism) -> bool:
    """Return whether many such devices can be computed side by side, each a number in a vector.

    Their equations go into the loop over devices whole, and neither a control voltage nor anything random acts on them.
    """
    model, function = mechanism.model, mechanism.model.equations
    options = getattr(function, "targetoptions", {"forceinline": True})
    return bool(options.get("forceinline")) and not (model.senses or model.stochastic or model.noises)


def is_ours(model: type[DeviceModel]) -> bool:
    """Return whether a model class is part of tsbench."""
    return mechanism_of(model).model.__module__.startswith("tsbench.simulated_backends.devices.")
