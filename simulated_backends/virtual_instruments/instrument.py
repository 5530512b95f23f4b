"""Base class of the virtual instruments: identity, terminals, errors and outputs.

How an instrument is attached to the circuit
--------------------------------------------
1. ``attachment()`` is called once, before the circuit is built. It returns an :class:`Attachment`: what the instrument
   adds between its terminals and ground. Its ``elements`` are netlist elements with unique names. Its ``stages`` are
   the output stages of a source meter::

       generator channel   Element V (EMF) -- Element R (50 Ohm + relay, OPEN while off) -- terminal node
       scope input         Element R (1 MOhm or 50 Ohm) || Element C (14 pF), terminal node to ground
       source meter        AttachedStage (two servo loops) -- Element R (relay) -- terminal node

   ``self.node("1")`` is the node of channel 1, ``self.element_name("R", "1", "relay")`` a unique name.
2. ``connect()`` is called once, when ``self.bench.circuit`` exists: power-on state, lasting observers.
3. From then on handlers use ``self.bench.circuit``, which is integrated up to now (see ``BenchServices``):
   ``set_source(name, PulseWaveform(...))`` with times in circuit time, which is ``self.bench.clock.now``;
   ``set_resistance(name, OPEN or 50.0)`` for the relay, then ``self.bench.changed()`` and
   ``self.report_output("1", True)``.

How an instrument observes the circuit
--------------------------------------
``self.bench.lagging_circuit.add_observer(observer)`` after ``self.bench.sync()``: the observer's ``observe(segment)``
gets every piece of the circuit's course from now on. While ``self.bench.clock.watch(self, self.bench.sync)`` holds, the
clock moves in chunks (20 us, growing to 5 ms, and to 1 s in a steady circuit) and the circuit follows after each, so
that an event in the circuit is seen soon after it happens. ``self.operations`` (begin, end) makes ``*OPC?`` and
``*WAI`` work. A status query that answers "still running" calls ``self.operations.not_yet()`` first: the next event
then happens, and polling loops end.
``oscilloscope/acquisition_control.py`` does all of this.

Time and chance
---------------
Handlers never wait in place: they ``yield seconds`` or ``yield IDLE`` (see ``scpi/exchange.py``). Chance comes from
``self.rng`` (noise) and ``self.calibration(...)`` (fixed errors within the data sheet's accuracy).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Element
from tsbench.simulated_backends.circuit.engine import SourceMeterStage
from tsbench.simulated_backends.scpi.message import Handler, MessageDevice
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.serial_port import SerialPort

OPEN = 1e12  #: [Ohm] an open relay


@dataclass(frozen=True)
class AttachedStage:
    """A source-meter output stage between ``node`` and ground."""

    name: str
    node: str
    stage: SourceMeterStage


@dataclass(frozen=True)
class Attachment:
    """What an instrument adds to the circuit."""

    elements: tuple[Element, ...] = ()
    stages: tuple[AttachedStage, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """Fixed errors of one function and range: shown = true * (1 + gain) + offset."""

    gain: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True)
class Placement:
    """How a world file puts an instrument on the bench."""

    name: str  #: as in ``[instruments.NAME]``
    serial: str
    terminals: Mapping[str, str] = field(default_factory=dict)  #: terminal, as the class names it -> node
    options: Mapping[str, object] = field(default_factory=dict)  #: only those that the class names in ``option_names``
    resource: str = ""  #: VISA name: of its interface depends how some languages reply

    def require_known(self, option_names: Sequence[str], model: str) -> None:
        """Refuse options that a model does not have.

        Raises
        ------
        ConfigurationError
            One line with the option, and the nearest or all names.
        """
        for name in self.options:
            if name not in option_names:
                known = nearest(name, option_names) or f". {model} has no options. Remove this entry"
                raise ConfigurationError(f"instruments.{self.name}.options: there is no option '{name}'{known}")

    def require_modules(self, terminals: Sequence[str]) -> None:
        """Refuse a fixture that wires a terminal without a module.

        Parameters
        ----------
        terminals : of the modules that are in the mainframe

        Raises
        ------
        ConfigurationError
            One line with the terminal and those that there are.
        """
        for terminal in self.terminals:
            if terminal not in terminals:
                raise ConfigurationError(f"no module has the terminal '{terminal}'. The terminals are "
                                         f"{', '.join(terminals)}. Correct [terminals] in the world file")


class VirtualInstrument(MessageDevice):
    """Base of the models.

    * A subclass must have ``manufacturer``, ``model``, ``firmware``, ``terminals`` and, if it has a terminal,
      ``attachment``.
    * Most have ``outputs``, ``connect`` (the power-on state) and ``reset`` (the rest of ``*RST``).
    * One that reads ``placement.options`` names them in ``option_names``.
    * It may have ``disconnect``, ``bus_latency``, ``has_trigger``, and what
      :class:`~tsbench.simulated_backends.scpi.message.MessageDevice` names.
    """

    manufacturer: ClassVar[str]
    model: ClassVar[str]
    firmware: ClassVar[str]
    #: names of all terminals: "" of a source meter with one output; "1", "2", ... for the channels of a generator or an
    #: oscilloscope (docs/plugins.md)
    terminals: ClassVar[tuple[str, ...]]
    #: names of the outputs that the witness follows, as in "generator.1": some of ``terminals``
    outputs: ClassVar[tuple[str, ...]] = ()
    bus_latency: ClassVar[float] = 100e-6  #: [s] one message, either way
    serial_end: ClassVar[bytes] = b"\n"  #: what ends a reply on a serial port (RS-232)
    #: as the instrument is delivered; its world file can set it. A session with another setting gets no reply
    serial_port: ClassVar[SerialPort] = SerialPort()
    has_trigger: ClassVar[bool] = False  #: whether it waits for triggers, which a fault may let it miss
    option_names: ClassVar[tuple[str, ...]] = ()  #: of ``options`` in its world file; any other is refused
    moves_devices: ClassVar[bool] = False  #: whether it brings devices to the needles, so that the bench does not

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench.clock)
        self.bench = bench
        self.trouble = bench.left_out
        self.name = placement.name
        self.serial = placement.serial
        self.placement = placement
        placement.require_known(self.option_names, self.model)
        self.identification = f"{self.manufacturer},{self.model},{self.serial},{self.firmware}"
        self.rng: np.random.Generator = bench.rng(self.name, "noise")
        self._output_states = dict.fromkeys(self.outputs, False)
        self.triggers_to_miss = 0  #: how many of the next triggers it misses

    # ---------------------------------------------------------------------------------------- circuit

    def node(self, channel: str = "") -> str | None:
        """Return the fixture node a terminal is wired to; None if nothing is connected."""
        return self.placement.terminals.get(channel)

    def require_terminals(self, kind: str, needed: Sequence[str]) -> None:
        """Refuse a class whose ``terminals`` lack one that what it is made of needs.

        Parameters
        ----------
        kind : what needs them, in words: "a generator of 2 channels"
        needed : names of terminals

        Raises
        ------
        ConfigurationError
            One line with the class, its terminals and the names to write.
        """
        if not set(needed) <= set(self.terminals):
            raise ConfigurationError(
                f"class {type(self).__name__}: terminals = {self.terminals!r}, but {kind} names its terminals "
                f"{', '.join(map(repr, needed))}. Write terminals = {tuple(needed)!r}")

    def element_name(self, kind: str, channel: str, purpose: str) -> str:
        """Return a circuit element's name: ``R_generator_1_relay`` (the kind comes first, as in SPICE)."""
        return "_".join(part for part in (kind, self.name, channel, purpose) if part)

    def attachment(self) -> Attachment:
        """Return what the instrument adds to the circuit."""
        return Attachment()

    def connect(self) -> None:
        """Take the power-on state; the circuit exists now."""

    def disconnect(self) -> None:
        """Leave the timeline: the world is being closed."""

    def reset(self) -> Handler | None:
        """Do the rest of ``*RST``: abort operations, outputs off."""
        return None

    # ------------------------------------------------------------------------------------------ chance

    def calibration(self, purpose: str, gain: float, offset: float) -> Calibration:
        """Draw a fixed calibration error, uniform within ``gain`` (relative) and ``offset`` (unit of the
        value).

        The same for (world seed, instrument, purpose) each time; zero where imperfections are switched off. Where the
        world file states the errors in parts of these limits, they are not drawn.
        """
        if not self.bench.imperfections:
            return Calibration()
        if (stated := self.bench.calibration_errors) is not None:
            return Calibration(gain * stated[0], offset * stated[1])
        draw = self.bench.rng(self.name, "calibration", purpose).uniform(-1.0, 1.0, 2)
        return Calibration(gain * float(draw[0]), offset * float(draw[1]))

    # ------------------------------------------------------------------------------------------ faults

    def misses_trigger(self) -> bool:
        """Whether a trigger that has just come is one that is not seen."""
        missed = self.triggers_to_miss > 0
        self.triggers_to_miss -= int(missed)
        return missed

    def power_cycle(self) -> None:
        """Restart: outputs off, settings at their defaults, nothing remembered of the exchange."""
        self.exchange.device_clear()
        for _ in self.common_commands.reset_command():
            pass  # a restart takes no turns: relays have opened when power comes back
        self.status.power_on()

    # ----------------------------------------------------------------------------------------- outputs

    def report_output(self, channel: str, enabled: bool) -> None:
        """Report to the witness that an output relay has changed."""
        self._output_states[channel] = enabled
        self.bench.output(self.name, channel, enabled)

    def output_states(self) -> Mapping[str, bool]:
        """Return the relays as they are."""
        return dict(self._output_states)

    # -------------------------------------------------------------------------------------------- time

    def until(self, time: float) -> float:
        """Return the seconds from now to ``time`` (for ``yield self.until(t)``)."""
        return max(time - self.bench.clock.now, 0.0)
