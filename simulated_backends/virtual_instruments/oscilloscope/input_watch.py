"""What the inputs of an oscilloscope do for a while: an automatic set-up looks at them."""

from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Shifted

_COPIES = 4  #: periods of a repetition that are looked at


class InputWatch:
    """Keeps what the nodes of the circuit do."""

    def __init__(self) -> None:
        self.history = InputHistory()

    def observe(self, segment: Segment) -> None:
        """Take the next piece of the circuit's past; of a repetition its first periods."""
        if isinstance(segment, Repetition):
            begun = segment.start - segment.period.start
            self.history.traces += [Shifted(segment.period, begun + number * segment.length)
                                    for number in range(min(int(segment.count), _COPIES))]
        elif not isinstance(segment, Gap):
            self.history.traces.append(segment)

    def course(self, node: str) -> tuple[FloatArray, FloatArray]:
        """Return the voltage [V] of a node at the solver's steps, and their times [s]."""
        if not self.history.traces:
            return np.empty(0), np.empty(0)
        times = np.unique(self.history.steps(self.history.start, self.history.end))
        return self.history.voltage(node, times), times

    def signal(self, node: str, factor: float) -> "InputSignal":
        """Return what there is at a node, in volts at the display."""
        volts, times = self.course(node)
        if not len(volts):
            return InputSignal(0.0, 0.0, None)
        low, high = float(np.min(volts)) * factor, float(np.max(volts)) * factor
        above = volts * factor > (high + low) / 2
        rising = times[1:][~above[:-1] & above[1:]]
        return InputSignal(low, high, float(np.median(np.diff(rising))) if len(rising) > 1 else None)


@dataclass(frozen=True)
class InputSignal:
    """What an automatic set-up finds at an input."""

    low: float  #: [V] at the display
    high: float
    period: float | None  #: [s]


def watch_inputs(bench: BenchServices, seconds: float) -> Handler:
    """Look at the circuit for a while; return the :class:`InputWatch`."""
    watch = InputWatch()
    bench.sync()
    bench.recorders.add(watch)
    bench.lagging_circuit.add_observer(watch)
    try:
        yield seconds
        bench.sync()
    finally:   # also where a device clear ends it: else it would take the circuit's past for ever
        bench.lagging_circuit.remove_observer(watch)
        bench.recorders.discard(watch)
    return watch
