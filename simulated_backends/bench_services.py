"""What a virtual instrument may ask of the bench it stands on: time, circuit, wires, chance, witness."""

import threading
import zlib
from collections.abc import Callable, Mapping

import numpy as np

from tsbench.simulated_backends.bench_clock import BenchClock
from tsbench.simulated_backends.circuit.engine import CircuitInterface
from tsbench.simulated_backends.virtual_instruments.trigger_lines import DigitalLine


class BenchServices:
    """One per world. ``lock`` is held by whoever moves the timeline: the transports take it, models need not.

    Parameters
    ----------
    seed : int
        The world's seed.
    imperfections : bool
        False: no noise, no calibration errors (for tests of the machinery).
    wires : mapping
        Input jack to output jack: ``{"scope.external": "generator.sync"}``.
    """

    def __init__(
        self, seed: int = 0, imperfections: bool = True, wires: Mapping[str, str] | None = None
    ) -> None:
        self.clock = BenchClock()
        self.lock = threading.RLock()
        self.seed = seed
        self.imperfections = imperfections
        self._wires = dict(wires or {})
        self._lines: dict[str, DigitalLine] = {}
        self._on_output: Callable[[str, str, bool, float], None] | None = None
        self._on_compliance: Callable[[str, float | None, float], None] | None = None
        self._circuit: CircuitInterface | None = None
        #: whoever records the circuit now (armed scopes): while there are any, no period is skipped, unless
        #: each says of itself that it ``waits_in_vain``: that nothing the circuit does can matter to it yet
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
            watched = any(not getattr(recorder, "waits_in_vain", False) for recorder in self.recorders)
            circuit.advance(self.clock.now, skip=not watched)
        return circuit

    @property
    def lagging_circuit(self) -> CircuitInterface:
        """Return the circuit without integrating it first (to add or remove an observer)."""
        if self._circuit is None:
            raise RuntimeError("the bench has no circuit yet: instruments act from connect() on")
        return self._circuit

    def sync(self) -> None:
        """Integrate the circuit up to now: observers see everything that has happened."""
        _ = self.circuit

    def changed(self) -> None:
        """Tell whoever watches the circuit that a source or relay has just been changed."""
        self.clock.stirred()

    # -------------------------------------------------------------------------------------------- wires

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
        if self._on_output is not None:
            self.sync()
            self._on_output(instrument, channel, enabled, self.clock.now)

    def compliance(self, instrument: str, limit: float | None) -> None:
        """Report the current limit [A] that a source meter enforces from now on (None: none)."""
        if self._on_compliance is not None:
            self._on_compliance(instrument, limit, self.clock.now)

    def tell_witness(
        self,
        on_output: Callable[[str, str, bool, float], None],
        on_compliance: Callable[[str, float | None, float], None],
    ) -> None:
        """Say who is told of outputs (instrument, channel, enabled, time) and limits (instrument, limit,
        time).
        """
        self._on_output, self._on_compliance = on_output, on_compliance


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
            self._bench.clock.wait(seconds)
