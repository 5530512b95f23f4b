"""No comparison of a small number has the absolute tolerance that pytest.approx has by itself, 1e-12."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
LEAST = 1e-9  #: below, 1e-12 is more than a part in a thousand


def bare_comparisons(text: str) -> list[int]:
    """Return the lines of each ``approx`` of a number that is small in SI units, without a tolerance of its own."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("approx") and len(node.args) == 1:
            numbers = [one.value for one in ast.walk(node.args[0])
                       if isinstance(one, ast.Constant) and isinstance(one.value, float)]
            if not node.keywords and 0.0 not in numbers and any(abs(one) < LEAST for one in numbers):
                found.append(node.lineno)
    return found


def test_small_numbers_are_compared_with_a_tolerance_of_their_own() -> None:
    """Picofarads and picoseconds would agree with almost anything: give ``rel`` or ``abs``."""
    assert bare_comparisons("assert 1 == approx(80e-12)\nassert 1 == pytest.approx(80e-12, rel=1e-6)") == [1]
    found = [f"{path.relative_to(TESTS)}:{line}" for path in sorted(TESTS.rglob("*.py"))
             for line in bare_comparisons(path.read_text("utf-8"))]
    assert found == []
