"""One channel of a 4225-PMU in the circuit: forces a waveform behind 50 Ohm, and samples voltage and current beside it.

What is sampled goes through one pole, whose time constant makes the settling time of the measuring range. Between two
times the course of the circuit is a straight line, for which the pole and the means are exact.
"""

from collections.abc import Sequence

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.pulse_measure.forced_terminal import ForcedTerminal


class PulseCardChannel(ForcedTerminal):
    """One channel.

    Parameters
    ----------
    instrument : VirtualInstrument
    channel : 1 or 2
    """

    def __init__(self, instrument: VirtualInstrument, channel: int) -> None:
        super().__init__(instrument, f"pmu{channel}", "force", "relay")
        self.channel = channel
        self._events: list[ScheduledEvent] = []  #: of the output relay

    # -------------------------------------------------------------------------------------------- output

    def switch(self, on: bool) -> None:
        """Close or open the output relay."""
        self.stop()
        if not on:
            self._drive(Constant(0.0))
        self.is_on = on
        self._close(on)
        self._instrument.report_output(self.terminal, on)

    def _close(self, closed: bool) -> None:
        self._set_relay(sheet.OUTPUT_RESISTANCE if closed else OPEN)

    def play(
        self, times: FloatArray, volts: FloatArray, full_scale: float, relay: Sequence[tuple[float, bool]] = (),
    ) -> None:
        """Play a waveform from now on, and record what happens at the terminal.

        Parameters
        ----------
        times : [s] from the start, shape (n,)
        volts : [V] behind the output resistance, shape (n,)
        full_scale : [V] of the range
        relay : when the output relay opens and closes: [s] from the start, whether it closes
        """
        self.stop()
        errors = self._instrument.calibration(
            f"force {self.terminal} {full_scale:g}", sheet.LEVEL_GAIN, sheet.LEVEL_OFFSETS[full_scale])
        jitter = sheet.JITTER * float(self._instrument.rng.uniform(0.0, 1.0)) if self._bench.imperfections else 0.0
        self._bench.sync()
        forced = volts * (1.0 + errors.gain) + errors.offset * (volts != 0.0)
        self._begin(self._bench.clock.now + jitter, times, forced)
        for time, closed in relay:
            self._events.append(self._bench.clock.schedule(
                self.started + time, lambda closed=closed: self._close(closed)))   # type: ignore[misc]

    def stop(self) -> None:
        """End a waveform where it is; the voltage stays, and the relay too."""
        for event in self._events:
            event.cancel()
        self._events.clear()
        super().stop()

    # ------------------------------------------------------------------------------------------ measuring

    def samples(
        self, quantity: str, row: sheet.PulseRange, starts: FloatArray, lengths: FloatArray, rate: float,
    ) -> FloatArray:
        """Return what was measured, with noise and errors of the range; NaN where it was not computed.

        Parameters
        ----------
        quantity : "voltage" or "current"
        row : its range
        starts : [s] from the start of the waveform, shape (n,)
        lengths : [s] over which a mean is taken, 0 for one sample, shape (n,)
        rate : [1/s] of samples
        """
        means = self._means(quantity == "current", row.time_constant, starts, lengths)
        if not self._bench.imperfections:
            return means
        errors = self._instrument.calibration(f"sample {quantity} {self.terminal} {row.full_scale:g}", row.gain,
                                              row.offset)
        noise = row.noise / np.sqrt(np.maximum(lengths * rate, 1.0))
        shown: FloatArray = means * (1.0 + errors.gain) + errors.offset
        return shown + noise * self._instrument.rng.standard_normal(means.size)

    def peak_current(self) -> float:
        """Return the highest current of the last waveform [A]."""
        self._end_course()
        if self._kept is None or not self._kept.amperes:
            return 0.0
        return float(max(np.max(np.abs(part), initial=0.0) for part in self._kept.amperes))
