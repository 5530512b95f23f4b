"""Base class of the guards: passes on the calls that need no check."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tsbench.instruments.guard.limits import GuardContext
from tsbench.instruments.interfaces import InstrumentBase, OutputState
from tsbench.records import FloatArray, Identity


class Guarded:
    """The calls of every kind of instrument that need no check."""

    def __init__(self, driver: InstrumentBase, context: GuardContext) -> None:
        self._driver = driver
        self.context = context
        self.identity: Identity = driver.identity

    def safe_state(self) -> None:
        self._driver.safe_state()
        self.context.note_off()

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

    def _switch(self, enabled: bool) -> None:
        """Have the driver switch the output, and note what is known of it then."""
        driver: Any = self._driver
        driver.set_output(enabled)
        self.context.outputs.switched(
            self.context.terminal, enabled, read_back=bool(getattr(driver, "reads_output_back", False)))

    def is_on(self) -> bool:
        """Read back whether the output is on."""
        return any(state.enabled for state in self._driver.output_states())


def extremes(values: FloatArray) -> tuple[float, float]:
    """Return lowest and highest, NaN if a value is NaN. If both are allowed, all values are allowed."""
    if values.size == 0:
        return np.nan, np.nan
    return float(np.min(values)), float(np.max(values))
