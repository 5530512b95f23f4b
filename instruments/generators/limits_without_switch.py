"""Level limits of a generator that always applies them: it has no switch for them."""

from tsbench.instruments.generators.channel_levels import ChannelLevels
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.languages.scpi import format_number


class LimitsWithoutSwitch(ChannelLevels):
    """Load, level limits, amplitude and offset of one output: limits are lifted to the highest and lowest level."""

    def set_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own limits [V into the load]; they are sent with the next level."""
        for level in (low, high):
            require_in_range(self._label, "level limit", level, self.allowed())
        self._messages.send(*self.lifting_limits())
        self._limits = (low, high)
        return self._limits

    def lifting_limits(self) -> list[str]:
        """Return what lifts the level limits: amplitude and offset move one by one and clash halfway."""
        lifted, self._limiting = self._limiting, False
        return [f"{self._limit}:HIGH MAX", f"{self._limit}:LOW MIN"] if lifted else []

    def apply_limits(self) -> None:
        """Send the limits, where there are any, and read them back."""
        if self._limits is None or self._limiting:
            return
        low, high = self._limits
        self._messages.send(f"{self._limit}:HIGH {format_number(high)}", f"{self._limit}:LOW {format_number(low)}")
        for name, asked in (("LOW", low), ("HIGH", high)):
            got = self._messages.number(f"{self._limit}:{name}?")
            self._generator.accepted(f"{name.lower()} level limit", asked, got, "V", absolute=1e-3)
        self._limiting = True
