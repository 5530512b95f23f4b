"""One channel of a 4225-PMU in the circuit: forces a waveform behind 50 Ohm, and samples voltage and current beside it.

What is sampled goes through one pole, whose time constant makes the settling time of the measuring range. Between two
times the course of the circuit is a straight line, for which the pole and the means are exact.
"""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.netlist import Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.pulse_measure.course import TerminalCourse, filtered_means


class PulseCardChannel:
    """One channel.

    Parameters
    ----------
    instrument : VirtualInstrument
    channel : 1 or 2
    """

    def __init__(self, instrument: VirtualInstrument, channel: int) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self.channel = channel
        self.terminal = f"pmu{channel}"
        self.is_on = False
        name = instrument.element_name
        self._source = name("V", self.terminal, "force")
        self._relay = name("R", self.terminal, "relay")
        self._inside = name("n", self.terminal, "force").lower()
        self._node = (instrument.node(self.terminal) or "0").lower()
        self._course: TerminalCourse | None = None
        self._kept: TerminalCourse | None = None  #: of the last waveform
        self._events: list[ScheduledEvent] = []  #: of the output relay
        self._started = self._ends = -math.inf  #: [s] bench time

    @property
    def is_wired(self) -> bool:
        """Whether its terminal is connected to anything."""
        return self._instrument.node(self.terminal) is not None

    def attachment(self) -> tuple[Element, ...]:
        """Return source and output resistance, if the terminal is wired."""
        if not self.is_wired:
            return ()
        return (Element("V", self._source, (self._inside, "0")),
                Element("R", self._relay, (self._inside, self._node), value=OPEN))

    # -------------------------------------------------------------------------------------------- output

    def switch(self, on: bool) -> None:
        """Close or open the output relay."""
        self.stop()
        if not on:
            self._drive(Constant(0.0))
        self.is_on = on
        self._set_relay(on)
        self._instrument.report_output(self.terminal, on)

    def _set_relay(self, closed: bool) -> None:
        if self.is_wired:
            self._bench.circuit.set_resistance(self._relay, sheet.OUTPUT_RESISTANCE if closed else OPEN)
            self._bench.changed()

    def _drive(self, waveform: Constant | PiecewiseLinear) -> None:
        if self.is_wired:
            self._bench.circuit.set_source(self._source, waveform)
            self._bench.changed()

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
        self._started = self._bench.clock.now + jitter
        self._ends = self._started + float(times[-1])
        forced = volts * (1.0 + errors.gain) + errors.offset * (volts != 0.0)
        self._drive(PiecewiseLinear(self._started + times, forced))
        for time, closed in relay:
            self._events.append(self._bench.clock.schedule(
                self._started + time, lambda closed=closed: self._set_relay(closed)))   # type: ignore[misc]
        if self.is_wired:
            self._course = TerminalCourse(self._node, self._relay)
            self._bench.lagging_circuit.add_observer(self._course)
            self._bench.recorders.add(self._course)

    def stop(self) -> None:
        """End a waveform where it is; the voltage stays."""
        now = self._bench.clock.now
        for event in self._events:
            event.cancel()
        self._events.clear()
        if now < self._ends and self.is_wired:
            self._drive(Constant(self._bench.circuit.voltage(self._inside)))
            self._ends = now
        self._end_course()

    def _end_course(self) -> None:
        if self._course is not None:
            self._bench.sync()
            self._bench.lagging_circuit.remove_observer(self._course)
            self._bench.recorders.discard(self._course)
            self._kept, self._course = self._course, None

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
        self._end_course()
        course = self._kept
        if course is None or not course.times:
            means = np.zeros_like(starts)
        else:
            times = np.concatenate(course.times) - self._started
            values = np.concatenate(course.amperes if quantity == "current" else course.volts)
            means = filtered_means(times, values, row.time_constant, starts, lengths)
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
