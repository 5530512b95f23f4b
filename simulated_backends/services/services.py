"""Services of a simulated bench for its virtual instruments: time, circuit, trigger wires, random numbers, witness."""

import logging
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.circuit.engine import CircuitInterface
from tsbench.simulated_backends.services.clock import BenchClock
from tsbench.simulated_backends.services.heated_body import HeatedBody
from tsbench.simulated_backends.services.idle_time import IdleTime
from tsbench.simulated_backends.services.needles import Needles
from tsbench.simulated_backends.services.node_noise import NodeNoise
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.services.trigger_lines import DigitalLine

_LOG = logging.getLogger(__name__)
WORK_PER_MESSAGE = 5_000_000  #: steps of the circuit: some seconds of computing
WORK_TO_SWITCH_OFF = 2_000_000  #: the same, before an output is switched off: it must not wait long


class WitnessInterface(Protocol):
    """What the bench tells its witness; times in s."""

    def output(self, instrument: str, channel: str, enabled: bool, time: float) -> None: ...
    def compliance(self, instrument: str, regulation: Regulation | None, time: float) -> None: ...
    def relays(self, instrument: str, closed: Sequence[str], time: float) -> None: ...
    def moved(self, instrument: str, what: str, time: float) -> None: ...
    def acquired(self, instrument: str, start: float, end: float, trigger: float, records: int) -> None: ...


class BenchServices:
    """One per world. ``lock`` is held while the timeline moves: the transports take it, models need not.

    Parameters
    ----------
    seed : int
        The world's seed.
    imperfections : bool
        False: no noise, no calibration errors (for tests of the machinery).
    calibration_errors : (gain, offset)
        Of every instrument, in parts of the limits of its data sheet; None: drawn.
    wires : mapping
        Input jack to output jack: ``{"scope.external": "generator.sync"}``.
    work_per_message : int
        The most steps that the circuit may take for one message. Beyond that nothing is computed: the circuit stands
        still until the instant of the message, the witness records it, and an instrument reports an error.
    """

    def __init__(
        self, seed: int = 0, imperfections: bool = True, wires: Mapping[str, str] | None = None,
        work_per_message: int = WORK_PER_MESSAGE, calibration_errors: tuple[float, float] | None = None,
    ) -> None:
        self.clock = BenchClock(self._calm)
        self.clock.failed = self._event_failed
        self.work_per_message = work_per_message
        self._work_left = float(work_per_message)
        self.left_out: list[str] = []   #: what was last not computed, until an instrument reports it
        self.idle_time: IdleTime | None = None   #: None: between two messages, no time passes
        self.lock = threading.RLock()
        self.seed = seed
        self.imperfections = imperfections
        self.calibration_errors = calibration_errors
        self._wires = dict(wires or {})
        self.input_jacks: set[str] = set()   #: of all instruments: ``"scope.external"``
        self.output_jacks: set[str] = set()
        self._lines: dict[str, DigitalLine] = {}
        self._witness: WitnessInterface | None = None
        self._circuit: CircuitInterface | None = None
        self.chuck: HeatedBody | None = None   #: what the devices lie on, where its temperature can be set
        self.node_noise: dict[str, NodeNoise] = {}   #: that a scope sees at a node, whatever the circuit does
        self.needles: Needles | None = None   #: of a prober, where the world has a place for devices
        #: observers that record the circuit now (armed scopes): while there are any, no period is skipped, unless
        #: each of them ``waits_in_vain``: nothing that the circuit does can matter to it yet
        self.recorders: set[object] = set()

    # ------------------------------------------------------------------------------------------ circuit

    def install(self, circuit: CircuitInterface) -> None:
        """Put the finished circuit on the bench (once, before the first message)."""
        self._circuit = circuit

    @property
    def circuit(self) -> CircuitInterface:
        """Return the circuit, integrated up to now: read it or change it."""
        circuit = self.lagging_circuit
        if circuit.time < self.clock.now:
            self._catch_up(circuit)
        return circuit

    def _catch_up(self, circuit: CircuitInterface) -> None:
        watched = bool(self.recorders) and any(
            not getattr(recorder, "waits_in_vain", False) for recorder in self.recorders)
        now = self.clock.now
        try:
            if self._work_left <= 0:
                raise TsbenchError(
                    f"circuit: one message needs more than {self.work_per_message:.3g} steps. Let less time pass in "
                    "one message, or raise 'steps_per_message' in the world file")
            self._work_left -= circuit.advance(now, watched=watched, most_work=self._work_left)
        except TsbenchError as error:
            self.left_out[:] = [f"the circuit was not computed from {circuit.time:.9g} s to {now:.9g} s: {error}"]
            self._work_left = 0.0
            circuit.leave_out(now, str(error))

    def _event_failed(self, error: Exception) -> None:
        """An event of the timeline raised an exception: log it; the instrument that is used next reports it."""
        _LOG.error("an event of the simulated bench failed", exc_info=error)
        self.left_out[:] = [f"an event of the simulated bench failed: {type(error).__name__}: {error}"]

    def begin_message(self) -> None:
        """Allow the work of one message; call it before moving the timeline from outside."""
        self._work_left = float(self.work_per_message)
        if self.idle_time is not None:
            self.idle_time.pass_by()

    @property
    def gives_up(self) -> bool:
        """Whether no more of the circuit is computed for this message: what it would play need not be made."""
        return self._work_left <= 0

    def hurry(self) -> None:
        """An output is to be switched off: compute no more than :data:`WORK_TO_SWITCH_OFF` of what was before."""
        self._work_left = min(self._work_left, float(WORK_TO_SWITCH_OFF))

    def _calm(self) -> bool:
        """Return whether looking closely shows nothing new: what happens repeats, or is not computed."""
        return self._work_left <= 0 or (self._circuit is not None and self._circuit.steady)

    @property
    def lagging_circuit(self) -> CircuitInterface:
        """Return the circuit without integrating it first (to add or remove an observer)."""
        if self._circuit is None:
            raise RuntimeError("the bench has no circuit yet. Instruments act only after connect()")
        return self._circuit

    def sync(self) -> None:
        """Integrate the circuit up to now: observers see everything that has happened."""
        _ = self.circuit

    def changed(self) -> None:
        """Tell the watchers of the circuit that a source or relay has just been changed."""
        self.clock.stirred()

    # -------------------------------------------------------------------------------------------- wires

    def add_jacks(self, instrument: str, inputs: Iterable[str] = (), outputs: Iterable[str] = ()) -> None:
        """Declare the trigger jacks of an instrument, by their names without the one of the instrument."""
        self.input_jacks.update(f"{instrument}.{jack}" for jack in inputs)
        self.output_jacks.update(f"{instrument}.{jack}" for jack in outputs)

    def line(self, jack: str) -> DigitalLine:
        """Return the digital line of an output jack (``"generator.sync"``), making it if need be."""
        return self._lines.setdefault(jack, DigitalLine())

    def wired_to(self, jack: str) -> DigitalLine | None:
        """Return the line that feeds an input jack (``"scope.external"``); None: nothing is plugged in."""
        source = self._wires.get(jack)
        return self.line(source) if source else None

    # ------------------------------------------------------------------------------------ chance, witness

    def rng(self, *purpose: str) -> np.random.Generator:
        """Return a generator seeded by (world seed, purpose), e.g. ``rng("source_meter", "noise")``."""
        return np.random.default_rng([self.seed, *(zlib.crc32(word.encode()) for word in purpose)])

    def output(self, instrument: str, channel: str, enabled: bool) -> None:
        """Report the state of an output relay to the witness, at once."""
        if self._witness is not None:
            self.sync()
            self._witness.output(instrument, channel, enabled, self.clock.now)

    def compliance(self, instrument: str, regulation: Regulation | None) -> None:
        """Report what a source meter regulates from now on; None: it limits no current."""
        if self._witness is not None:
            self._witness.compliance(instrument, regulation, self.clock.now)

    def relays(self, instrument: str, closed: Sequence[str]) -> None:
        """Report which relays of a switching instrument are closed from now on."""
        if self._witness is not None:
            self.sync()
            self._witness.relays(instrument, closed, self.clock.now)

    def acquired(self, instrument: str, start: float, end: float, trigger: float, records: int) -> None:
        """Report that an oscilloscope has taken ``records`` segments from ``start`` to ``end`` [s]."""
        if self._witness is not None:
            self._witness.acquired(instrument, start, end, trigger, records)

    def moved(self, instrument: str, what: str) -> None:
        """Report that a relay, a chuck or a probe moves now; while an output is on, this is a fault of the user."""
        if self._witness is not None:
            self.sync()
            self._witness.moved(instrument, what, self.clock.now)

    def tell_witness(self, witness: WitnessInterface) -> None:
        """Set the witness that hears of outputs, limits, relays and movements."""
        self._witness = witness


class WorldClock:
    """The bench's clock as those outside may use it (the ``Clock`` capability, by structure)."""

    def __init__(self, bench: BenchServices) -> None:
        self._bench = bench
        self.jumped = 0.0  #: [s] by which a fault has set it wrong

    def now(self) -> float:
        """Return seconds of simulated time since the bench was switched on."""
        return self._bench.clock.now + self.jumped

    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""
        with self._bench.lock:
            self._bench.begin_message()
            self._bench.clock.wait(seconds)
