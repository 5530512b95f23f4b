"""The outputs that are on at once: what they may bring to the device together."""

import contextlib
import math
from collections.abc import Callable, Iterator

from tsbench.errors import LimitError
from tsbench.instruments.guard.exposed_terminals import SLACK
from tsbench.instruments.guard.limits import DeviceGuard, SensorGuard, WorstCase
from tsbench.quantities import told_apart

_TOGETHER = {"A": "drive {} through a shorted device", "V": "bring {} to the device", "W": "bring {} into the device"}


class OutputsOn:
    """Outputs that are on at once: what they may bring to the device at worst adds up."""

    def __init__(
        self, before: Callable[[], None] = lambda: None, changed: Callable[[], None] = lambda: None, usual: float = 0.0,
    ) -> None:
        self._usual = usual  #: [s] that every reply may take while an output is on
        self._before = before  #: called before an output goes on
        self._changed = changed  #: called when another output counts as on
        self._on: dict[str, tuple[WorstCase, Callable[[], bool]]] = {}
        self._readings: dict[str, float] = {}  #: terminal -> [s] that a reading of it may take
        self.being_read: tuple[str, float] = ("", 0.0)  #: terminal of which a reading is awaited, [s] it may take

    @property
    def terminals(self) -> tuple[str, ...]:
        """Return the terminals whose outputs are on, as far as the guard knows."""
        return tuple(self._on)

    def has(self, terminal: str) -> bool:
        """Whether the output at ``terminal`` is on, as far as the guard knows."""
        return terminal in self._on

    def add(self, terminal: str, worst: WorstCase, is_on: Callable[[], bool]) -> None:
        """Note an output with what it may bring at worst, and how to read back whether it is on."""
        self._before()
        self._on[terminal] = (worst, is_on)
        self._changed()

    def reading_takes(self, terminal: str, longest: float) -> bool:
        """Note how long a reading at ``terminal`` may take [s]; returns whether that is longer than usual."""
        self._readings[terminal] = longest
        return longest > self._usual

    @contextlib.contextmanager
    def reading(self, terminal: str) -> Iterator[None]:
        """A reading at ``terminal`` is awaited meanwhile: only this message may take that long."""
        self.being_read = terminal, self._readings.get(terminal, 0.0)
        self._changed()
        try:
            yield
        finally:
            self.being_read = "", 0.0
            self._changed()

    def change(self, terminal: str, worst: WorstCase) -> None:
        """Note that an output may bring something else at worst, if it is on."""
        if terminal in self._on:
            self._on[terminal] = (worst, self._on[terminal][1])

    def remove(self, terminal: str) -> None:
        """Note that an output is off."""
        self._on.pop(terminal, None)
        self._changed()

    def clear(self) -> None:
        """Note that all outputs are off."""
        self._on.clear()
        self._changed()

    def require(
        self, subject: str, terminal: str, worst: WorstCase, device: DeviceGuard, sensor: SensorGuard | None = None,
    ) -> None:
        """Raise LimitError if an output with what the other ones bring is too much for device or sensor.

        Currents add up, and voltages too: two outputs may be at the two ends of the device. An output whose path does
        not reach the device brings no current to it, and no voltage.

        Parameters
        ----------
        subject, terminal, worst : of the output that goes on or changes: name in messages, place, what it brings alone
        device, sensor : whose limits count
        """
        bounds = [(getattr(device.limits, name) or math.inf, f"{name} of {device.device}", quantity)
                  for name, quantity in (("max_current", "A"), ("max_voltage", "V"), ("max_power", "W"))]
        if sensor is not None:
            bounds.append((sensor.largest, f"the largest current of {sensor.name}", "A"))
        for bound, limit, unit in bounds if worst.current else ():
            if math.isfinite(bound):
                self._require_sum(subject, terminal, worst, bound, limit, unit)

    def _require_sum(
        self, subject: str, terminal: str, worst: WorstCase, bound: float, limit: str, unit: str,
    ) -> None:
        """Raise LimitError if the sum of all outputs that are on is above a bound [``unit``]; ask them before."""
        others = {name: item for name, item in self._on.items() if name != terminal and item[0].current > 0}

        def total() -> float:
            cases = [worst, *(item[0] for item in others.values())]
            volts = sum(one.voltage for one in cases)
            if unit == "W":   # each current flows at the sum of the voltages
                return sum(one.power * (volts / one.voltage if one.voltage else 1.0) for one in cases)
            return volts if unit == "V" else sum(one.current for one in cases)

        if not others or total() <= bound * (1 + SLACK):
            return
        for name, (_, is_on) in list(others.items()):  # before refusing, ask whether they still are
            if not is_on():
                self.remove(name)
                del others[name]
        if others and total() > bound * (1 + SLACK):
            drawn, most = told_apart(total(), bound, unit)
            raise LimitError(
                f"{subject}: other outputs are on ({', '.join(others)}). All outputs together could "
                f"{_TOGETHER[unit].format(drawn)}, but {limit} is {most}. Switch the other outputs off first")
