"""Correlated random parameters: from independent standard normal numbers to correlated ones."""

from collections.abc import Mapping, Sequence

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray


def mixing_matrix(
    names: Sequence[str], correlation: Mapping[tuple[str, str], float], where: str
) -> FloatArray:
    """Return the matrix that turns independent normal numbers, one per name, into correlated ones.

    Parameters
    ----------
    names : sequence of str
        Parameters with a spread, in order.
    correlation : mapping
        Coefficient, -1 to 1, of pairs of names; 0 where none is given.
    where : str
        Whose they are, for messages.

    Returns
    -------
    array, shape (names, names): the Cholesky factor of the correlation matrix.

    Raises
    ------
    ConfigurationError
        A name without a spread or given twice, a coefficient beyond -1 to 1, or some that contradict each other.
    """
    matrix = np.eye(len(names))
    for (first, second), value in correlation.items():
        if first == second:
            raise ConfigurationError(f"{where}: the correlation of {first} with itself is always 1. Name two different "
                                     "parameters")
        if not -1.0 <= value <= 1.0:
            raise ConfigurationError(
                f"{where}: the correlation of {first} and {second} is {value:g}, but it must be between -1 and 1")
        if first not in names or second not in names:
            raise ConfigurationError(
                f"{where}: for a correlation of {first} and {second}, both parameters need a spread. The parameters "
                f"with a spread are: {', '.join(names) or 'none'}")
        matrix[names.index(first), names.index(second)] = matrix[names.index(second), names.index(first)] = value
    try:
        return np.asarray(np.linalg.cholesky(matrix) if names else matrix, dtype=np.float64)
    except np.linalg.LinAlgError:
        raise ConfigurationError(f"{where}: these correlations contradict each other. Bring them closer to 0") from None
