"""Taking the cycles of a pulsed I-V run: height by height, each cycle after a rest."""

from collections.abc import Iterator
from dataclasses import replace

from tsbench.protocols.extracting.signals import device_record
from tsbench.protocols.pulsed_iv.parameters import PulsedIVParameters
from tsbench.protocols.pulses.cycle_states import record_states
from tsbench.protocols.pulses.shot import Shot
from tsbench.protocols.pulses.write_read import CycleSeries
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import Step


class PulsedIVAcquisition(CycleSeries[PulsedIVParameters]):
    """One pulsed I-V run in progress."""

    reached = False  #: whether the target current has been reached

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record all cycles of one ``amplitude`` [V]; the first sets the ranges of the scope for the others."""
        settings = self._settings
        if self.reached:
            return
        windows = self.load(amplitude)
        yield self.step(f"cycles of {format_quantity(amplitude, 'V')}", resting=True)
        currents: list[float] = []
        for number in range(settings.repeats):
            yield from self._let_rest()
            shot = Shot()
            yield from self.burst(amplitude, 1, shot)
            self._last_end = self._station.clock.now()
            if number == 0:
                self.tighten(shot, windows)
            if shot.waveforms:
                # what a saturated record shows is a lower bound, which is enough to have reached the target
                record = replace(device_record(shot.waveforms, self._station.fixture), mute=())
                currents += [abs(state.write.current) for state in record_states(settings, record)]
        target = settings.target_current
        if target is not None and currents and min(currents) >= target:
            self.reached = True
            self._say("log", f"every cycle of {format_quantity(amplitude, 'V')} has reached "
                             f"{short_quantity(target, 'A')}. The run ends here")
