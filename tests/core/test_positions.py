"""No number says where something stands: compiled code reads tables, rows and tuples by name.

A parameter of a device is a named column, a member of a tuple has a name, and so has a row of an array whose rows mean
different things. A tuple of three or more members is not unpacked by position either: two arrays that changed places
would have the same type. A vector is read in loops.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILED = ("compiled", "inlined", "part", "by_address")
#: formulas written out for matrices and vectors of two or three rows
WRITTEN_OUT = {
    "simulated_backends/circuit/kernel/growth.py": "two_states_may_grow",
    "simulated_backends/circuit/kernel/modes.py": "leading_eigenvalue",
    "simulated_backends/numerics/linear.py": "solve",
}


def positions(tree: ast.AST, written_out: str | None = None) -> Iterator[str]:
    """Yield each subscript by a literal number, and each long tuple unpacked by position, within compiled functions.

    ``x.shape[0]`` is none, nor is one of the numbers that a function returns, ``f(x)[0]``.
    """
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name == written_out or not any(
                isinstance(name, ast.Name) and name.id in COMPILED
                for decorator in function.decorator_list for name in ast.walk(decorator)):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and not isinstance(node.value, ast.Call) and not (
                    isinstance(node.value, ast.Attribute) and node.value.attr == "shape"):
                places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                if any(map(_literal, places)):
                    yield f"{function.name}, line {node.lineno}: {ast.unparse(node)}"
            elif (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "item"
                    and any(map(_literal, node.args))) or _unpacks(node):
                yield f"{function.name}, line {node.lineno}: {ast.unparse(node)}"


def _unpacks(node: ast.AST) -> bool:
    """Return whether a tuple of three or more members, which no call returns, is unpacked."""
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript) and any(
        isinstance(target, ast.Tuple) and len(target.elts) > 2 for target in node.targets)


def _literal(place: ast.expr) -> bool:
    """Return whether numbers alone make the place, also as -1, 1 + 16, int(17), or as a bound of a slice."""
    if isinstance(place, ast.Slice):
        return any(bound is not None and _literal(bound) for bound in (place.lower, place.upper))
    if isinstance(place, ast.IfExp):
        return _literal(place.body) or _literal(place.orelse)
    if isinstance(place, ast.Call):
        return bool(place.args) and all(map(_literal, place.args))
    parts = list(ast.walk(place))
    return any(isinstance(part, ast.Constant) and isinstance(part.value, int) for part in parts) and not any(
        isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript) for part in parts)


def compiled_files() -> list[Path]:
    files = [path for path in sorted((ROOT / "simulated_backends").rglob("*.py"))
             if "numerics.compilation import" in path.read_text()]
    assert len(files) > 15
    return files


@pytest.mark.parametrize("path", compiled_files(), ids=lambda path: str(path.relative_to(ROOT / "simulated_backends")))
def test_compiled_code_reads_by_name(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert list(positions(ast.parse(path.read_text()), WRITTEN_OUT.get(name))) == []


def test_what_is_compiled_is_seen() -> None:
    """Only one file asks numba to compile, and no other gives its decorators another name."""
    for path in sorted((ROOT / "simulated_backends").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and "compilation" in node.module:
                assert not [name.asname for name in node.names if name.asname], path
            if isinstance(node, ast.ImportFrom) and node.module == "numba":
                assert path.name == "compilation.py" or not {"jit", "njit"} & {name.name for name in node.names}, path
            if isinstance(node, ast.Import):
                assert "numba" not in {name.name for name in node.names}, path


def test_the_written_out_formulas_are_there() -> None:
    for name, function in WRITTEN_OUT.items():
        assert list(positions(ast.parse((ROOT / name).read_text()))), f"{name}: {function} needs no exception any more"


@pytest.mark.parametrize("place", [
    "p[k, 17]", "p[k, -1]", "p[k, 1 + 16]", "p[k, 17:18]", "p[k, int(17)]", "p[17 if k else 16]", "p.item(17)",
    "scratch[3][RATES]"])
@pytest.mark.parametrize("how", ["compiled", "inlined", "part", "by_address(SIGNATURE)"])
def test_what_counts_as_a_position(place: str, how: str) -> None:
    found = list(positions(ast.parse(f"@{how}\ndef f(p, k, scratch, RATES):\n    return {place}")))
    assert len(found) == 1 and found[0].startswith("f, line 3: ")


@pytest.mark.parametrize("line", ["a, b, c = p", "_, b, _ = p.scratch", "q = a, b, c = p", "a, *b, c = p[k]"])
def test_a_long_tuple_is_not_unpacked(line: str) -> None:
    found = list(positions(ast.parse(f"@compiled\ndef f(p, k):\n    {line}")))
    assert found == [f"f, line 3: {line}"]


@pytest.mark.parametrize("line", ["a, b = p", "a, b, c = f(p)", "a, b, c = p.a, p.b, p.c"])
def test_what_may_be_unpacked(line: str) -> None:
    assert not list(positions(ast.parse(f"@compiled\ndef f(p, k):\n    {line}")))


@pytest.mark.parametrize("place", ["p[k, RATES]", "p[k + 1]", "p[:k]", "p.shape[0]", "f(p)[1]", "p[2 * k + RATES]"])
def test_what_counts_as_none(place: str) -> None:
    assert not list(positions(ast.parse(f"@compiled\ndef f(p, k, RATES):\n    return {place}")))
    assert not list(positions(ast.parse("def g(p):\n    return p[0]")))
