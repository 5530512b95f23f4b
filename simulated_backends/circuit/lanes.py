"""Where within a step a watched quantity passes its level, for circuits that run in lanes."""

from tsbench.simulated_backends.devices.compilation import compiled


@compiled
def crossing_in_step(start: float, step: float, g0: float, g1: float, p: float, q: float) -> float:
    """Return the instant [s] at which g(s) = g0 (1 - s) + s (g1 + (1 - s) (p + s q)) is zero, g0 < 0 <= g1.

    Newton's method inside a bracket that halves where Newton would leave it.
    """
    low, high, s = 0.0, 1.0, -g0 / (g1 - g0)
    for _ in range(60):
        rest = p + s * q
        value = g0 * (1.0 - s) + s * (g1 + (1.0 - s) * rest)
        if value >= 0.0:
            high = s
        else:
            low = s
        slope = g1 - g0 + (1.0 - 2.0 * s) * rest + s * (1.0 - s) * q
        following = s - value / slope
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - s) <= 1e-10:   # the next would be exact
            s = following
            break
        s = following
    return start + s * step
