"""Which part of a circuit moves fastest, for the message that an integration would never end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray


def fastest_ringing(jacobian: FloatArray, differential: int) -> tuple[float, FloatArray] | None:
    """Return the period [s] of the fastest undamped or growing oscillation, and how much each state takes part.

    Parameters
    ----------
    jacobian : array, shape (n, n)
        Of the right-hand side of M y' = f(y); unknowns from ``differential`` on have no derivative.
    differential : int
        How many unknowns have one.

    Returns
    -------
    (period, shares of shape (differential,)) or None
        None where every mode is damped within a period: nothing rings.
    """
    rates, others = jacobian[:differential, :differential], jacobian[:differential, differential:]
    if others.size:
        constraint = jacobian[differential:, differential:]
        try:
            rates = rates - others @ np.linalg.solve(constraint, jacobian[differential:, :differential])
        except np.linalg.LinAlgError:
            return None
    if not np.isfinite(rates).all():
        return None
    values, vectors = np.linalg.eig(rates)
    ringing = (np.abs(values.imag) > np.abs(values.real)) | (values.real > 0)
    if not ringing.any():
        return None
    fastest = int(np.argmax(np.where(ringing, np.abs(values), 0.0)))
    # each state on its own scale: what it contributes to the mode and the mode to it
    inverse = np.linalg.pinv(vectors)
    shares: FloatArray = np.asarray(np.abs(vectors[:, fastest] * inverse[fastest]), dtype=np.float64)
    return float(2.0 * np.pi / abs(values[fastest])), shares


@dataclass(frozen=True)
class RingingMode:
    """An oscillation of the linear states, and the states that take part in it."""

    period: float  #: [s]
    who: str  #: names of the states, joined by "and"


def what_rings(names: Sequence[str], jacobian: FloatArray, differential: int) -> RingingMode | None:
    """Return the fastest ringing in which states called ``names`` (the first unknowns) take part; None: there is none.

    Other arguments as of :func:`fastest_ringing`.
    """
    found = fastest_ringing(jacobian, differential)
    if found is None:
        return None
    period, shares = found
    part = [names[k] for k in np.argsort(-shares[: len(names)])[:3] if shares[k] > 0.1]
    return RingingMode(period, " and ".join(part)) if part else None
