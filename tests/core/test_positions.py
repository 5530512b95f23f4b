"""No number says where something stands: compiled code reads tables, rows and tuples by name.

A parameter of a device is a named column, a member of a tuple has a name, and so has a row of an array whose rows mean
different things. Elements of vectors are counted by loops.
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
    """Yield each subscript by a literal number within compiled functions.

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
                if any(_literal(place) for place in places):
                    yield f"{function.name}, line {node.lineno}: {ast.unparse(node)}"


def _literal(place: ast.expr) -> bool:
    return isinstance(place, ast.Constant) and isinstance(place.value, int)


def compiled_files() -> list[Path]:
    files = [path for path in sorted((ROOT / "simulated_backends").rglob("*.py"))
             if "numerics.compilation import" in path.read_text()]
    assert len(files) > 15
    return files


@pytest.mark.parametrize("path", compiled_files(), ids=lambda path: str(path.relative_to(ROOT / "simulated_backends")))
def test_compiled_code_reads_by_name(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert list(positions(ast.parse(path.read_text()), WRITTEN_OUT.get(name))) == []


def test_the_written_out_formulas_are_there() -> None:
    for name, function in WRITTEN_OUT.items():
        assert list(positions(ast.parse((ROOT / name).read_text()))), f"{name}: {function} needs no exception any more"


def test_what_counts_as_a_position() -> None:
    text = "\n".join((
        "@compiled", "def f(p, k, scratch, RATES):", "    a = p[k, 17]", "    b = scratch[3][RATES]",
        "    return a, b, p.shape[0], p[k, RATES], p[k + 1]", "def g(p):", "    return p[0]"))
    assert list(positions(ast.parse(text))) == ["f, line 3: p[k, 17]", "f, line 4: scratch[3]"]
