"""Level limits of a generator that has none of its own: the driver refuses a level beyond them before it sends it."""

from tsbench.instruments.generators.channel_levels import ChannelLevels
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import Range


class LimitsInDriver(ChannelLevels):
    """Load, level limits, amplitude and offset of one output: nothing but the driver applies the limits."""

    def set_limits(self, low: float, high: float) -> tuple[float, float]:
        """Take the level limits [V into the load]; nothing is sent."""
        for level in (low, high):
            require_in_range(self._label, "level limit", level, self.allowed())
        self._limits = (low, high)
        return self._limits

    def set_levels(self, one: float, other: float) -> tuple[float, float]:
        """Set low and high level [V into the load], if the limits allow them; return them as read back."""
        self._require(one, other)
        return super().set_levels(one, other)

    def set_level(self, level: float) -> float:
        """Set a DC level [V into the load], if the limits allow it; return it as read back."""
        self._require(level)
        return super().set_level(level)

    def lifting_limits(self) -> list[str]:
        """Return nothing: there is nothing to lift."""
        return []

    def apply_limits(self) -> None:
        """Do nothing: the generator has no limits."""

    def _require(self, *levels: float) -> None:
        if self._limits is not None:
            for level in levels:
                require_in_range(self._label, "level", level, Range(*self._limits, "V"))
