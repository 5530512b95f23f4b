"""B1500A: checks of the sources of sweeps, pulses and sampling."""

from collections.abc import Sequence

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import (
    LOG,
    LOG_BOTH,
    PulseSource,
    StairSource,
)


class SourceChecks:
    """Makes sources from the parameters of a command, or refuses them.

    Parameters
    ----------
    frame : Mainframe
    """

    def __init__(self, frame: Mainframe) -> None:
        self._frame = frame

    def stair(
        self, channel: int, function: str, code: int, levels: Sequence[float], compliance: float | None,
        power: float | None, mode: int,
    ) -> StairSource:
        """Return a source that sweeps from the first of ``levels`` to the second; the third is the base of pulses."""
        source = self._frame.slots.source(channel)
        start, stop, *base = levels
        if mode in (LOG, LOG_BOTH) and start * stop <= 0:
            raise FlexError(130)
        source.output_range(function, code, *levels)
        if power is None:
            limit = source.compliance(function, compliance, *levels)
        else:
            if not 1e-3 <= power <= source.module.most_power:
                raise FlexError(120)
            limit = source.compliance(function, compliance, 0.0)
        self._frame.require_interlock(*(levels if function == "VOLT" else (limit,)))
        return StairSource(source, function, code, start, stop, limit, power, base[0] if base else 0.0)

    def pulse(
        self, channel: int, function: str, code: int, base: float, top: float, compliance: float | None,
    ) -> PulseSource:
        """Return a source that goes from ``base`` to ``top`` and back."""
        source = self._frame.slots.source(channel)
        source.output_range(function, code, base, top)
        limit = source.compliance(function, compliance, base, top)
        self._frame.require_interlock(*((base, top) if function == "VOLT" else (limit,)))
        return PulseSource(source, function, code, base, top, limit)
