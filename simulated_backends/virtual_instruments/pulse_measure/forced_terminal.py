"""A terminal in the circuit that a source drives through a relay, and one whose voltage and current are recorded too.

The relay is a resistance: it is the output resistance while the terminal is connected.
"""

import math

import numpy as np

from tsbench.netlist import Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.pulse_measure.course import TerminalCourse, filtered_means


class DrivenTerminal:
    """A source, and a relay between it and the terminal; nothing happens if the terminal is not wired.

    Parameters
    ----------
    instrument : VirtualInstrument
    terminal : as the class of the instrument names it
    source : name of the source and of the node behind it, in the names of circuit elements
    relay : name of the relay there
    """

    def __init__(self, instrument: VirtualInstrument, terminal: str, source: str, relay: str) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self.terminal = terminal
        self.is_on = False
        name = instrument.element_name
        self._source = name("V", terminal, source)
        self._relay = name("R", terminal, relay)
        self._inside = name("n", terminal, source).lower()
        self._node = (instrument.node(terminal) or "0").lower()

    @property
    def is_wired(self) -> bool:
        """Whether the terminal is connected to anything."""
        return self._instrument.node(self.terminal) is not None

    def attachment(self) -> tuple[Element, ...]:
        """Return source and relay, if the terminal is wired."""
        if not self.is_wired:
            return ()
        return (Element("V", self._source, (self._inside, "0")),
                Element("R", self._relay, (self._inside, self._node), value=OPEN))

    def _drive(self, waveform: Constant | PiecewiseLinear | PulseWaveform) -> None:
        if self.is_wired:
            self._bench.circuit.set_source(self._source, waveform)
            self._bench.changed()

    def _set_relay(self, resistance: float) -> None:
        """Give the relay a resistance [Ohm], or ``OPEN``."""
        if self.is_wired:
            self._bench.circuit.set_resistance(self._relay, resistance)
            self._bench.changed()


class ForcedTerminal(DrivenTerminal):
    """A terminal of a unit that pulses and samples: what happens at it while a waveform plays is recorded."""

    def __init__(self, instrument: VirtualInstrument, terminal: str, source: str, relay: str) -> None:
        super().__init__(instrument, terminal, source, relay)
        self._course: TerminalCourse | None = None  #: that is being recorded
        self._kept: TerminalCourse | None = None  #: of the last waveform
        self.started = -math.inf  #: [s] bench time at which the waveform begins
        self.ends = -math.inf  #: [s] bench time

    def _begin(self, start: float, times: FloatArray, volts: FloatArray) -> None:
        """Play a waveform, and record what happens at the terminal; the circuit is integrated up to now.

        Parameters
        ----------
        start : [s] bench time
        times : [s] from the start, shape (n,)
        volts : [V] of the source, shape (n,)
        """
        self.started = start
        self.ends = self.started + float(times[-1])
        self._drive(PiecewiseLinear(self.started + times, volts))
        if self.is_wired:
            self._course = TerminalCourse(self._node, self._relay)
            self._bench.lagging_circuit.add_observer(self._course)
            self._bench.recorders.add(self._course)

    def stop(self) -> None:
        """End a waveform where it is; the voltage stays."""
        now = self._bench.clock.now
        if now < self.ends and self.is_wired:
            self._drive(Constant(self._bench.circuit.voltage(self._inside)))
            self.ends = now
        self._end_course()

    def _end_course(self) -> None:
        if self._course is not None:
            self._bench.sync()
            self._bench.lagging_circuit.remove_observer(self._course)
            self._bench.recorders.discard(self._course)
            self._kept, self._course = self._course, None

    def _means(self, current: bool, time_constant: float, starts: FloatArray, averages: FloatArray) -> FloatArray:
        """Return the means of the last waveform behind one pole; 0 if nothing was recorded.

        Parameters
        ----------
        current : of the current [A]; else of the voltage [V]
        time_constant : [s] of the pole
        starts : [s] from the start of the waveform, shape (n,)
        averages : [s] over which a mean is taken, 0 for one sample, shape (n,)
        """
        self._end_course()
        course = self._kept
        if course is None or not course.times:
            return np.zeros_like(starts)
        times = np.concatenate(course.times) - self.started
        values = np.concatenate(course.amperes if current else course.volts)
        return filtered_means(times, values, time_constant, starts, averages)
