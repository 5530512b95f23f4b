"""Observations of which some are only bounded: a pulse that did not switch, a threshold between two set-points."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray


@dataclass(frozen=True)
class CensoredSample:
    """Observations, each known to lie between two bounds, in one unit.

    Equal bounds: the value is known. ``high`` infinite: only a lower bound is known (right-censored), as for a pulse
    that ended before the device switched. ``low`` minus infinity: only an upper bound is known (left-censored).
    """

    low: FloatArray  #: shape (n,)
    high: FloatArray  #: shape (n,), nowhere below ``low``

    def __post_init__(self) -> None:
        low, high = (np.asarray(ends, dtype=np.float64) for ends in (self.low, self.high))
        if low.ndim != 1 or low.shape != high.shape:
            raise ValueError(f"the bounds must be two arrays of one length, but have shapes {low.shape}, {high.shape}")
        if np.isnan(low).any() or np.isnan(high).any() or (low > high).any():
            raise ValueError("a lower bound must not exceed its upper bound, and no bound may be NaN")
        if (np.isinf(low) & np.isinf(high)).any() or (low == np.inf).any() or (high == -np.inf).any():
            raise ValueError("an observation without a finite bound is no observation. Leave it out")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @classmethod
    def of(cls, values: npt.ArrayLike, above: npt.ArrayLike = (), below: npt.ArrayLike = ()) -> "CensoredSample":
        """Return a sample of known values, of lower bounds (``above``) and of upper bounds (``below``).

        Parameters
        ----------
        values, above, below : in one unit, shapes (n,), (m,) and (k,)
        """
        known, lower, upper = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (values, above, below))
        return cls(np.concatenate([known, lower, np.full(upper.size, -np.inf)]),
                   np.concatenate([known, np.full(lower.size, np.inf), upper]))

    @property
    def number(self) -> int:
        """Return how many observations there are."""
        return int(self.low.size)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Return which values are known."""
        return np.asarray(self.low == self.high)

    @property
    def above(self) -> npt.NDArray[np.bool_]:
        """Return which have only a lower bound."""
        return np.isinf(self.high)

    @property
    def below(self) -> npt.NDArray[np.bool_]:
        """Return which have only an upper bound."""
        return np.isinf(self.low)

    @property
    def between(self) -> npt.NDArray[np.bool_]:
        """Return which lie between two different finite bounds."""
        return np.asarray(np.isfinite(self.low) & np.isfinite(self.high) & (self.low < self.high))

    @property
    def complete(self) -> bool:
        """Return whether all values are known."""
        return bool(self.known.all())

    def centres(self) -> FloatArray:
        """Return the known values, the middles of brackets, and the one bound where there is only one."""
        low, high = np.where(self.below, self.high, self.low), np.where(self.above, self.low, self.high)
        return np.asarray(low + 0.5 * (high - low))

    def logarithm(self) -> "CensoredSample":
        """Return the natural logarithms; a bracket that reaches to zero or below becomes an upper bound.

        Raises
        ------
        ValueError
            A value, an upper bound or a bound from below that is not positive.
        """
        if (self.high <= 0).any() or (self.low[self.known | self.above] <= 0).any():
            raise ValueError("a logarithm needs positive values")
        with np.errstate(divide="ignore"):
            return CensoredSample(np.log(np.maximum(self.low, 0.0)), np.log(self.high))
