"""Where within a step of a lane a quantity passes zero."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tsbench.simulated_backends.circuit.kernel.lanes import crossing_in_step
from tsbench.simulated_backends.circuit.trajectory import values_in_step

below, above = st.floats(-2.0, -1e-3), st.floats(1e-3, 2.0)
bend = st.floats(-30.0, 30.0)


@given(below, above, bend, bend)
@example(-1e-3, 2.0, -30.0, 0.0)    # Newton's first steps leave the bracket on the left
@example(-2.0, 1e-3, 30.0, 0.0)     # and on the right
@example(-1.0, 1.0, 0.0, 30.0)
@example(-1.0, 1.0, 0.0, -30.0)
@example(-1e-3, 1e-3, -30.0, -30.0)
def test_a_crossing_is_where_the_polynomial_is_zero(g0: float, g1: float, p: float, q: float) -> None:
    share = crossing_in_step(0.0, 1.0, g0, g1, p, q)
    assert 0.0 <= share <= 1.0
    assert values_in_step(share, g0, g1, p, q) == pytest.approx(0.0, abs=1e-6)


def test_a_crossing_is_an_instant_of_the_step() -> None:
    assert crossing_in_step(2e-6, 4e-9, -1.0, 3.0, 0.0, 0.0) == pytest.approx(2e-6 + 1e-9, rel=1e-12)
