"""Where nothing moves: an equilibrium of a circuit whose sources stay as they are.

Two ways, the quick one first: linearly implicit Euler steps from where the circuit is, growing as long as they succeed;
and the curve of equilibria, followed by its arc length from all sources off to all sources on (H. B. Keller, 1977),
round the folds that negative differential resistance makes. Like a SPICE operating point what is found may be unstable;
:func:`how_unstable` says so, and a circuit that starts there leaves it (:mod:`.departure`).
"""

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit

FIRST_ARC, LONGEST_ARC, SHORTEST_ARC = 0.01, 0.25, 1e-9  #: steps along the curve, each unknown in units of its size
MOST_ARCS = 5000


def operating_point(compiled: CompiledCircuit, time: float, start: FloatArray) -> FloatArray | None:
    """Return unknowns at which nothing moves while the sources stay as they are at ``time`` [s]; None: not found.

    Parameters
    ----------
    compiled : CompiledCircuit
    time : float
        [s].
    start : array, shape (n,)
        Unknowns to begin at.
    """
    drive = compiled.still_drive(time)
    found = _by_euler_steps(compiled, drive, start)
    if found is None:
        still, begin = np.zeros_like(drive), start.copy()
        begin[compiled.differential:] = 0.0
        off = _by_euler_steps(compiled, still, begin) if compiled.solve_currents(still, begin) else None
        found = None if off is None else _along_the_curve(compiled, drive, off)
    return found


def how_unstable(compiled: CompiledCircuit, time: float, y: FloatArray) -> str | None:
    """Say how fast a disturbance of an equilibrium grows; None: none does."""
    _, _, A, _ = compiled.linearised(time, y)
    values = np.linalg.eigvals(A)
    if values.size == 0:
        return None   # no unknown can move by itself
    leading = values[np.argmax(values.real)]
    if not leading.real > 1e-9 * abs(values).max():
        return None
    how = f" and oscillates at {abs(leading.imag) / (2.0 * np.pi):.3g} Hz" if leading.imag != 0.0 else ""
    return (f"the operating point at {time:g} s is unstable. A disturbance grows by a factor of e in "
            f"{1.0 / leading.real:.3g} s{how}")


def _by_euler_steps(compiled: CompiledCircuit, drive: FloatArray, start: FloatArray) -> FloatArray | None:
    n = start.size
    mass = np.diag((np.arange(n) < compiled.differential).astype(float))
    step, y, still = 1e-12, start.copy(), np.zeros_like(drive)
    for _ in range(2000):
        f, _, J = compiled.equations(drive, still, y)
        scale = _sizes(compiled, y)
        with np.errstate(all="ignore"):
            try:
                change = np.linalg.solve(mass / step - J, f)
            except np.linalg.LinAlgError:   # what nothing determines (a current around two inductors) stays
                change = np.linalg.lstsq(mass / step - J, f)[0]
        trial = y + change
        small = np.isfinite(trial).all() and (abs(change) <= 0.2 * scale).all()
        if not (small and compiled.solve_currents(drive, trial)):
            step *= 0.3
            if step < 1e-30:
                return None
            continue
        y = trial
        if step > 1e6 and (abs(change) <= 1e-9 * scale).all():
            return y
        step *= 2.0
    return None


def _along_the_curve(compiled: CompiledCircuit, drive: FloatArray, off: FloatArray) -> FloatArray | None:
    """Follow F(y, share of the sources) = 0 from ``off``, where the share is 0, to a share of 1."""
    y, share = off, 0.0
    tangent = _tangent(compiled, drive, y, share, None)
    arc = FIRST_ARC
    for _ in range(MOST_ARCS):
        if tangent is None or arc < SHORTEST_ARC:
            return None
        sizes = np.append(_sizes(compiled, y), 1.0)
        found = _corrected(compiled, drive, y, share, tangent, arc, sizes)
        if found is None:
            arc *= 0.4
            continue
        after, reached, tries = found
        if share < 1.0 <= reached:
            part = (1.0 - share) / (reached - share)
            ended = _corrected(compiled, drive, y + part * (after - y), 1.0, None, 0.0, sizes)
            if ended is not None:
                return ended[0]
            arc *= 0.4
            continue
        if reached < -0.1:
            return None
        following = _tangent(compiled, drive, after, reached, tangent)
        if following is None or float(following @ tangent) < 0.8:   # too sharp a bend for so long a step
            arc *= 0.4
            continue
        y, share, tangent = after, reached, following
        arc = min(arc * (1.6 if tries <= 3 else 1.0), LONGEST_ARC)
    return None


def _sizes(compiled: CompiledCircuit, y: FloatArray) -> FloatArray:
    return np.asarray(compiled.weights / compiled.rtol + abs(y))


def _bordered(
    compiled: CompiledCircuit, drive: FloatArray, y: FloatArray, share: float, sizes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return F and its derivatives by the unknowns and the share, in units of ``sizes``; rows of size 1."""
    f, by_share, J = compiled.equations(share * drive, drive, y)
    wide = np.column_stack([J, by_share]) * sizes
    rows = np.maximum(abs(wide).max(axis=1), 1e-300)
    return f / rows, wide / rows[:, None]


def _tangent(
    compiled: CompiledCircuit, drive: FloatArray, y: FloatArray, share: float, before: FloatArray | None
) -> FloatArray | None:
    """Return the direction of the curve, of length 1 in units of the sizes, going on from ``before``."""
    sizes = np.append(_sizes(compiled, y), 1.0)
    _, wide = _bordered(compiled, drive, y, share, sizes)
    if not np.isfinite(wide).all():
        return None
    n = y.size
    border = np.zeros(n + 1) if before is None else before
    border = border if before is not None else np.eye(n + 1)[n]
    right = np.zeros(n + 1)
    right[n] = 1.0
    direction = np.linalg.lstsq(np.vstack([wide, border]), right)[0]
    size = float(np.linalg.norm(direction))
    return None if not size > 0.0 else np.asarray(direction / size)


def _corrected(
    compiled: CompiledCircuit, drive: FloatArray, y: FloatArray, share: float, tangent: FloatArray | None, arc: float,
    sizes: FloatArray,
) -> tuple[FloatArray, float, int] | None:
    """Return the point of the curve ``arc`` further on, and how many of Newton's steps it took; None: too many.

    Without a tangent the share is kept.
    """
    n = y.size
    border = np.eye(n + 1)[n] if tangent is None else tangent
    x = np.append(y, share) + (0.0 if tangent is None else arc * tangent * sizes)
    limit = 0.5 if tangent is None else max(arc, 1e-6)
    for tries in range(1, 13):
        with np.errstate(all="ignore"):
            f, wide = _bordered(compiled, drive, x[:n], float(x[n]), sizes)
            if not (np.isfinite(f).all() and np.isfinite(wide).all()):
                return None
            change = np.linalg.lstsq(np.vstack([wide, border]), np.append(-f, 0.0))[0]
        if not (np.isfinite(change).all() and np.linalg.norm(change) <= limit):
            return None
        x = x + change * sizes
        if (abs(change) <= 1e-11).all():
            return x[:n], float(x[n]), tries
    return None
