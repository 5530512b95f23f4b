"""One output of a generator that does not tell when a burst is over: its end is computed from the settings."""

from collections.abc import Mapping

from tsbench.errors import InstrumentError
from tsbench.instruments.generators.output import GeneratorOutput

LONGEST_WAIT = 0.05  #: [s] of one poll
_MARGIN = 1e-3  #: [s] for the way of the trigger


class TimedOutput(GeneratorOutput):
    """An output that waits as long as its burst takes.

    Each poll waits a little and subtracts what it has waited, so that the end is never too early: time that passes
    between two polls does not count.
    """

    _left = 0.0  #: [s] until the burst of the last trigger is over

    def trigger(self) -> None:
        """Start one burst by a bus trigger."""
        if not self._burst:
            raise InstrumentError(f"{self.label}: no burst is configured. Call configure_burst first")
        self.generator.send(*(command.format(ch=self.channel) for command in self.starting_burst))
        self._left = burst_time(self._found) + _MARGIN
        self._pending = True

    def burst_running(self) -> bool:
        """Wait for a part of the burst, at most 50 ms; return whether it still plays."""
        if self._pending:
            wait = min(self._left, LONGEST_WAIT)
            self.generator.wait(wait)
            self._left -= wait
            self._pending = self._left > 0
        return self._pending

    def abort(self) -> None:
        """Stop a running burst; the output idles at its base."""
        if self._burst:
            self._stop_burst()
        self._pending = False

    def _stop_burst(self) -> None:
        """Send what stops a burst and arms the next one."""
        raise NotImplementedError


def burst_time(found: Mapping[str, object]) -> float:
    """Return how long [s] one burst with these accepted settings takes."""
    count, period = found.get("burst_count", 1), found.get("pulse_period", 0.0)
    points, rate = found.get("waveform_points", 0), found.get("waveform_sample_rate", 1.0)
    assert isinstance(count, int) and isinstance(period, float) and isinstance(points, int) and isinstance(rate, float)
    return count * (points / rate if found.get("function") == "arbitrary" else period)
