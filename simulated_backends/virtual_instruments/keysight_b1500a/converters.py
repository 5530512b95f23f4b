"""Converters of a B1500A: how long one reading integrates, and how long a channel waits after its source changed."""

from dataclasses import dataclass, field

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import (
    FIRST_SAMPLES,
    HIGH_RESOLUTION_STEP,
    SAMPLE_TIME,
    SAMPLES_PER_LINE_CYCLE,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel

FAST, FINE, PULSED = 0, 1, 2  #: high-speed, high-resolution, high-speed for pulses
AUTO, MANUAL, LINE_CYCLES, SECONDS = 0, 1, 2, 3
#: (type, mode): lowest, highest and default N (table 4-21)
ALLOWED: dict[tuple[int, int], tuple[float, float, float]] = {
    (FAST, AUTO): (1, 1023, 1), (FAST, MANUAL): (1, 1023, 1), (FAST, LINE_CYCLES): (1, 100, 1),
    (FAST, SECONDS): (2e-6, 20e-3, 2e-6),
    (FINE, AUTO): (1, 127, 6), (FINE, MANUAL): (1, 127, 3), (FINE, LINE_CYCLES): (1, 100, 1),
    (PULSED, AUTO): (1, 1023, 1), (PULSED, MANUAL): (1, 1023, 1), (PULSED, LINE_CYCLES): (1, 100, 1),
    (PULSED, SECONDS): (2e-6, 20e-3, 2e-6),
}
#: [s] for N = 1 of the automatic mode of the high-resolution converter, up to a range [A]
_FINE_STEPS = ((100e-12, 20e-3), (1e-9, 10e-3), (10e-9, 5e-3), (100e-9, 1e-3))


@dataclass
class Converters:
    """What AIT, AV, AZ and WAT have set."""

    line_frequency: float
    setup: dict[int, tuple[int, float]] = field(
        default_factory=lambda: {FAST: (AUTO, 1), FINE: (AUTO, 6), PULSED: (AUTO, 1)})
    zero: bool = False
    waits: dict[int, tuple[float, float]] = field(default_factory=lambda: {1: (1.0, 0.0), 2: (1.0, 0.0)})

    def set(self, kind: int, mode: int, n: float | None) -> None:
        """AIT: choose the mode of a converter; FlexError 120 for a mode or N that it does not have."""
        if (kind, mode) not in ALLOWED:
            raise FlexError(120)
        low, high, default = ALLOWED[kind, mode]
        value = default if n is None else n
        if not low <= value <= high or (mode != SECONDS and value != int(value)):
            raise FlexError(120)
        self.setup[kind] = (mode, value)

    def average(self, number: int, manual: bool) -> None:
        """AV: the same for the high-speed converter."""
        self.set(FAST, LINE_CYCLES if number < 0 else MANUAL if manual else AUTO, abs(number))

    def aperture(self, channel: SourceChannel, quantity: str, kind: int) -> float:
        """Return how long a reading of a channel integrates [s]."""
        mode, n = self.setup[kind]
        full = channel.measurer.measuring_range(quantity).full_scale if quantity == "CURR" else 1.0
        if mode == LINE_CYCLES:
            return n / self.line_frequency
        if mode == SECONDS:
            return max(n, SAMPLE_TIME)
        if kind == FINE:
            step = next((step for top, step in _FINE_STEPS if full <= top * 1.01), 0.32e-3)
            return n * (step if mode == AUTO else HIGH_RESOLUTION_STEP)
        first = next((count for top, count in FIRST_SAMPLES.items() if full <= top * 1.01), 2)
        return n * (first if mode == AUTO else 1) * SAMPLE_TIME

    def apply(self, channel: SourceChannel, quantity: str, kind: int | None = None) -> None:
        """Set the aperture of the next reading of a channel; ``kind`` None: by the channel's own converter."""
        used = channel.converter if kind is None else kind
        settings = channel.settings
        settings.fast_converter = used != FINE
        settings.nplc[quantity] = self.aperture(channel, quantity, used) * self.line_frequency
        settings.auto_zero[quantity] = self.zero and used == FINE
        factor, offset = self.waits[1]
        rows = channel.module.sheet.ranges["CURR"]
        wait = channel.module.sheet.auto_delays[rows.index(channel.output.stage.points.current_range)]
        delay = factor * wait + offset
        settings.source_delay = dict.fromkeys(settings.source_delay, delay)

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        fresh = Converters(self.line_frequency)
        self.setup, self.zero, self.waits = fresh.setup, fresh.zero, fresh.waits

    @property
    def samples_text(self) -> str:
        """AV as ``*LRN? 31`` writes it."""
        mode, n = self.setup[FAST]
        return f"AV{-n if mode == LINE_CYCLES else n:.0f},{int(mode == MANUAL)}"


assert SAMPLES_PER_LINE_CYCLE == 128   # AIT 0,2: a line cycle is sampled that often
