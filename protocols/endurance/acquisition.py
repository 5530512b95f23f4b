"""Taking the cycles of an endurance run in bursts, until the device has failed by the stated criterion."""

from collections.abc import Iterator

from tsbench.protocols.endurance.failure import FailureCount
from tsbench.protocols.endurance.parameters import EnduranceParameters
from tsbench.protocols.extracting.signals import device_record
from tsbench.protocols.pulses.cycle_states import record_states
from tsbench.protocols.pulses.shot import Shot
from tsbench.protocols.pulses.write_read import CycleSeries
from tsbench.quantities import format_quantity
from tsbench.records import Step


class EnduranceAcquisition(CycleSeries[EnduranceParameters]):
    """One endurance run in progress."""

    def series(self, amplitude: float) -> Iterator[Step]:
        """Send bursts of cycles and judge each; the first is one cycle, which also sets the ranges of the scope.

        Parameters
        ----------
        amplitude : [V] of the write pulses, signed
        """
        settings = self._settings
        windows = self.load(amplitude)
        yield self.step(f"cycles of {format_quantity(amplitude, 'V')}", resting=True)
        largest = settings.at_once(self._view.scope.capabilities)
        count = FailureCount(settings)
        while self._done < settings.cycles:
            size = 1 if self._done == 0 else min(largest, settings.cycles - self._done)
            yield from self._let_rest()
            shot, first = Shot(), self._done
            yield from self.burst(amplitude, size, shot)
            self._last_end = self._station.clock.now()
            if first == 0:
                self.tighten(shot, windows)
            if not shot.waveforms:
                continue
            record = device_record(shot.waveforms, self._station.fixture)
            rows = sorted(first + number for number in shot.taken)
            for row, state in zip(rows, record_states(settings, record), strict=False):
                count.add(row + 1, state)
            if count.failed_at is not None:
                self._say("warning", f"the device has failed: from cycle {count.failed_at} on, {settings.failures} "
                                     f"cycles in a row failed ({count.how}). The run ends after cycle {self._done}")
                break
        self._generator.set_output(False)
        yield self.step("output off", resting=True)
