"""Where a guard stands, and what every guard does: pass on what is harmless, note what is on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tsbench.instruments.guard.limits import DeviceGuard, OutputsOn, Path, WorstCase
from tsbench.instruments.interfaces import InstrumentBase, OutputState
from tsbench.records import DeviceLimits, FloatArray, Identity


@dataclass(frozen=True)
class Post:
    """Where a guard stands: who asks (``drive (Keithley 2450, …)``), over which path, for which device.

    ``outputs`` is shared by all guards of a bench: what is on at ``terminal`` counts for the others.
    """

    subject: str
    path: Path = field(default_factory=Path)
    device: DeviceGuard = field(default_factory=lambda: DeviceGuard(DeviceLimits()))
    terminal: str = ""
    outputs: OutputsOn = field(default_factory=OutputsOn)


class Guarded:
    """What is passed on unchecked, for every kind of instrument."""

    def __init__(self, driver: InstrumentBase, post: Post) -> None:
        self._driver = driver
        self.post = post
        self.identity: Identity = driver.identity

    def safe_state(self) -> None:
        self._driver.safe_state()
        self.post.outputs.remove(self.post.terminal)

    def output_states(self) -> Sequence[OutputState]:
        return self._driver.output_states()

    def clear(self) -> None:
        self._driver.clear()

    def check_errors(self) -> None:
        self._driver.check_errors()

    def accepted_settings(self) -> Mapping[str, object]:
        return self._driver.accepted_settings()

    def close(self) -> None:
        self._driver.close()

    def require_worst_case(self, quantity: str, worst: WorstCase, duration: float | None = None) -> None:
        """Raise LimitError if this alone, or with what else is on, is too much for the device."""
        post = self.post
        post.device.require_worst_case(post.subject, quantity, worst, duration)
        if post.outputs.has(post.terminal):
            post.outputs.require(post.subject, post.terminal, worst.current, post.device)

    def note_on(self, current: float) -> None:
        """Note that the output goes on; LimitError if what else is on leaves no room for ``current`` [A]."""
        post = self.post
        post.outputs.require(post.subject, post.terminal, current, post.device)
        post.outputs.add(post.terminal, current, self._is_on)

    def note_current(self, current: float) -> None:
        """Note a new worst case [A] of an output that is on."""
        if self.post.outputs.has(self.post.terminal):
            self.post.outputs.add(self.post.terminal, current, self._is_on)

    def note_off(self) -> None:
        """Note that the output is off."""
        self.post.outputs.remove(self.post.terminal)

    def _is_on(self) -> bool:
        return any(state.enabled for state in self._driver.output_states())


def extremes(values: FloatArray) -> tuple[float, float]:
    """Return lowest and highest, NaN if there is any: who checks both has checked every one."""
    if values.size == 0:
        return np.nan, np.nan
    return float(np.min(values)), float(np.max(values))
