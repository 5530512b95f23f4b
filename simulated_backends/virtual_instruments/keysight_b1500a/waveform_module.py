"""One channel of a B1530A in the circuit: forces a waveform of straight lines and samples what flows or stands there.

The output is a source behind the output resistance of its mode. What is sampled goes through one pole, whose time
constant makes the settling time of the measuring range. The mean over an aperture is exact for that pole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.pulse_measure.forced_terminal import ForcedTerminal

DC, FAST, PULSE, PASS = 2000, 2001, 2002, 2003  #: codes of the operation modes


@dataclass
class ChannelSetup:
    """What the library applies to a channel."""

    mode: int = PASS
    force_range: int = 3000
    measures_current: bool = False
    voltage_range: int = 5002
    current_range: int = 6005
    measuring: bool = True

    @property
    def measure_range(self) -> sheet.MeasureRange:
        """Return the range of what is measured."""
        return sheet.CURRENT_RANGES[self.current_range] if self.measures_current else (
            sheet.VOLTAGE_RANGES[self.voltage_range])

    @property
    def levels(self) -> tuple[float, float]:
        """Return the lowest and the highest level [V]."""
        low, high = sheet.FORCE_RANGES[self.force_range]
        if self.mode == PULSE:
            return max(low, -sheet.PULSE_LIMIT), min(high, sheet.PULSE_LIMIT)
        return low, high


class WaveformChannel(ForcedTerminal):
    """One channel.

    Parameters
    ----------
    instrument : VirtualInstrument
    channel : as 101
    """

    def __init__(self, instrument: VirtualInstrument, channel: int) -> None:
        super().__init__(instrument, str(channel), "force", "rsu")
        self.channel = channel
        self.setup = ChannelSetup()

    # -------------------------------------------------------------------------------------------- output

    def switch(self, on: bool) -> None:
        """Connect or disconnect the terminal; it is connected at 0 V."""
        self.is_on = on
        self.stop()
        self._drive(Constant(0.0))
        self.apply()
        self._instrument.report_output(self.terminal, on)

    def apply(self) -> None:
        """Give the circuit the output resistance of the mode."""
        forces = self.is_on and self.setup.mode != PASS
        resistance = sheet.PULSE_RESISTANCE if self.setup.mode == PULSE else sheet.FAST_RESISTANCE
        self._set_relay(resistance if forces else OPEN)

    def _forced(self, volts: FloatArray) -> FloatArray:
        errors = self._instrument.calibration(f"force {self.channel}", sheet.FORCE_GAIN, sheet.FORCE_OFFSET)
        forced: FloatArray = volts * (1.0 + errors.gain) + errors.offset * (volts != 0.0)
        return forced

    def force(self, volts: float) -> None:
        """Force a constant voltage."""
        self._drive(Constant(float(self._forced(np.array(volts)))))

    def play(self, times: FloatArray, volts: FloatArray) -> None:
        """Play a waveform from now on, and record what happens at the terminal.

        Parameters
        ----------
        times : [s] from the start, shape (n,)
        volts : [V], shape (n,)
        """
        self.stop()
        jitter = sheet.JITTER * float(self._instrument.rng.uniform(-1.0, 1.0)) if self._bench.imperfections else 0.0
        self._bench.sync()
        self._begin(self._bench.clock.now + sheet.JITTER + jitter, times, self._forced(volts))

    # ------------------------------------------------------------------------------------------ measuring

    def samples(self, starts: FloatArray, averages: FloatArray) -> FloatArray:
        """Return what was measured: the mean over each aperture, with noise and errors of the range.

        Parameters
        ----------
        starts : [s] from the start of the waveform, shape (n,)
        averages : [s] aperture of each sample, 0 for one without averaging, shape (n,)
        """
        row = self.setup.measure_range
        means = self._means(self.setup.measures_current, row.time_constant, starts, averages)
        return self._shown(means, averages, row)

    def _shown(self, means: FloatArray, averages: FloatArray, row: sheet.MeasureRange) -> FloatArray:
        shown = means.copy()
        if self._bench.imperfections:
            what = "current" if self.setup.measures_current else "voltage"
            gain, offset = ((sheet.CURRENT_GAIN, sheet.CURRENT_OFFSET) if self.setup.measures_current
                            else (sheet.VOLTAGE_GAIN, sheet.VOLTAGE_OFFSET))
            errors = self._instrument.calibration(
                f"sample {what} {self.channel} {row.full_scale:g}", gain, offset * row.full_scale)
            noise = row.noise * np.sqrt(row.window / np.maximum(averages, sheet.LEAST_SAMPLE))
            shown = means * (1.0 + errors.gain) + errors.offset
            shown += noise * self._instrument.rng.standard_normal(means.size)
        over = np.abs(shown) > row.full_scale * sheet.OVERRANGE
        shown[over | np.isnan(shown)] = sheet.NOT_VALID
        return shown

    def present(self, count: int, seconds: float) -> float:
        """Return one reading of what is there now: a mean of ``count`` samples that takes ``seconds``."""
        circuit, row = self._bench.circuit, self.setup.measure_range
        value = 0.0
        if self.is_wired:
            value = circuit.current(self._relay) if self.setup.measures_current else circuit.voltage(self._node)
        average = np.array([max(seconds, count * sheet.LEAST_SAMPLE)])
        return float(self._shown(np.array([value]), average, row)[0])


def all_off(channels: Sequence[WaveformChannel]) -> None:
    """Disconnect channels that are connected."""
    for channel in channels:
        if channel.is_on:
            channel.switch(False)
