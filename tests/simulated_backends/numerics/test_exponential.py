"""e^x in plain arithmetic against NumPy's, and a number that the compiler takes as it is."""

import math

import numpy as np

from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.exponential import exp
from tsbench.simulated_backends.numerics.rounding import rounded


def test_exponential() -> None:
    x = np.concatenate([np.linspace(-700, 700, 20_001), np.linspace(-1, 1, 2001), [0.0]])
    found = np.array([exp(v) for v in x])
    assert abs(found / np.exp(x) - 1).max() < 7e-16   # two roundings, of either
    assert exp(-1e9) < 4e-308 and exp(1e9) > 8e307 and np.isnan(exp(float("nan")))
    assert exp(-708.0) / math.exp(-708.0) - 1 < 7e-16 and exp(-1e9) == exp(-708.5) == exp(-708.0)
    assert exp(709.0) / math.exp(709.0) - 1 < 7e-16 and exp(1e9) == exp(709.5) == exp(709.0)


@compiled
def product_and_sum(a: float, b: float, c: float) -> float:
    """Return a b + c, with the product rounded by itself."""
    return float(rounded(a * b) + c)


def test_a_rounded_product_is_not_fused_into_the_sum() -> None:
    a = 1.0 + 2.0**-30
    assert product_and_sum(a, a, -(a * a)) == 0.0   # fused, 2^-60 would be left
    assert product_and_sum(2.0, 3.0, 4.0) == 10.0
