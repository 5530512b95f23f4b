"""Base class of our SCPI drivers: identity, error queue, blocks, and reading settings back."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar, cast

from pymeasure.adapters import Adapter

from tsbench.errors import GarbledReply, InstrumentError, NoReply, cause
from tsbench.instruments.interfaces import InstrumentBase
from tsbench.instruments.languages import scpi
from tsbench.instruments.languages.pymeasure_classes import TypedInstrument
from tsbench.instruments.languages.repeatable import COMMON, may_be_repeated
from tsbench.quantities import short_quantity
from tsbench.records import Identity

T = TypeVar("T")
#: IEEE 488.2: bit of the standard event register, the one that its enable register is set to
POWER_ON = 128
_EVENT_SUMMARY = 32  #: bit of the status byte: an enabled standard event has happened
REPEATS = 2  #: of a query that was not answered, or not understood
_QUEUE_DEPTH = 64  #: more entries than any instrument's queue holds


def _power_lost(reply: str) -> bool:
    enabled, status = (int(part) for part in reply.split(";"))
    if not (0 <= enabled <= 255 and 0 <= status <= 255):
        raise ValueError(f"the reply {reply!r} is not an enable register and a status byte")
    return enabled != POWER_ON or bool(status & _EVENT_SUMMARY)


class Questions:
    """Queries to one SCPI instrument: no other thread comes between, repeated where that is safe.

    Parameters
    ----------
    instrument : ScpiInstrument
        The instrument. Its label stands in messages.
    ask_once : callable
        Sends a query and returns its reply: (command, delay between the two [s] or None).
    """

    def __init__(self, instrument: "ScpiInstrument", ask_once: Callable[[str, float | None], str]) -> None:
        self._instrument = instrument
        self._ask_once = ask_once
        self.lock = threading.RLock()

    def text(self, command: str, query_delay: float | None = None) -> str:
        """Return a reply as it comes."""
        return self._repeated(command, lambda: self._once(command, query_delay))

    def parsed(self, command: str, parse: Callable[[str], T]) -> T:
        """Return what ``parse`` makes of a reply; CommunicationError where it raises ValueError."""

        def act() -> T:
            reply = self._once(command)
            try:
                return parse(reply)
            except ValueError:
                raise GarbledReply(
                    f"{self._instrument.label}: the reply '{reply[:60]}' to '{command}' is garbled. Repeat the "
                    "measurement. If this happens again, check the cable and the VISA library"
                ) from None

        return self._repeated(command, act)

    def block(self, command: str) -> bytes:
        """Return the payload of a definite-length block."""
        return self._repeated(command, lambda: self._block_once(command))

    def resynchronise(self, why: str) -> None:
        """After a lost or garbled reply: drop what may still come, and find the same instrument in step.

        Raises
        ------
        CommunicationError
            It does not answer, or answers an earlier query.
        """
        instrument = self._instrument
        instrument.on_repeat(f"{instrument.label}: {why}")
        connection = instrument.adapter.connection
        answer = ""
        for _ in range(2):
            getattr(connection, "resynchronise", connection.clear)()
            answer = self._once("*IDN?")
            try:
                if scpi.parse_identity(answer) == instrument.identity:
                    return
            except ValueError:
                continue
        raise GarbledReply(
            f"{instrument.label}: its replies belong to earlier messages (it replied '{answer[:60]}' to '*IDN?'). "
            "Check the cable and the VISA library"
        )

    def _once(self, command: str, query_delay: float | None = None) -> str:
        with self.lock:
            return str(self._ask_once(command, query_delay)).strip()

    def _repeated(self, command: str, act: Callable[[], T]) -> T:
        """Send a query; repeat it if it is repeatable and no reply came, or the reply was not understood."""
        with self.lock:
            for _ in range(REPEATS):
                try:
                    return act()
                except (NoReply, GarbledReply) as error:
                    if not may_be_repeated(command, self._instrument.repeatable):
                        raise
                    self.resynchronise(f"'{command}' was sent again, because {cause(error)}")
            return act()

    def _block_once(self, command: str) -> bytes:
        instrument = self._instrument
        with self.lock:
            instrument.write(command)
            try:
                head = instrument.read_bytes(2)
                digits = scpi.block_length_digits(head)
                length = int(instrument.read_bytes(digits))
            except ValueError as error:
                raise GarbledReply(f"{instrument.label}: the data block in the reply to '{command}' is garbled "
                                   f"({error}). Repeat the measurement") from None
            payload = bytes(instrument.read_bytes(length))
            end = bytes(instrument.read_bytes(1))
        if len(payload) != length or end != b"\n":
            raise GarbledReply(
                f"{instrument.label}: the data block in the reply to '{command}' is garbled ({len(payload)} of "
                f"{length} bytes, followed by {end!r}). Repeat the measurement"
            )
        return payload


class ScpiInstrument(TypedInstrument):
    """Base of the drivers: messages, error queue, read-back, reset; what an instrument without outputs does.

    Parameters
    ----------
    adapter : pymeasure Adapter
        Ours over a transport, or PyMeasure's for tests.
    name : str
        The instrument's name on the bench.
    identity : Identity, optional
        As already read; asked of the instrument when missing.
    resource : str
        For messages.
    wait : callable
        Waits [s] on the bench's clock between two polls.
    """

    title = "SCPI instrument"  #: as people call it: "Keithley 2450"
    #: queries that change nothing in the instrument, in the notation of the manuals; drivers add theirs
    repeatable: ClassVar[tuple[str, ...]] = COMMON

    def __init__(
        self,
        adapter: Adapter,
        name: str = "instrument",
        identity: Identity | None = None,
        resource: str = "",
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(adapter, name, includeSCPI=False)
        self.questions = Questions(self, super().ask)
        self.lock = self.questions.lock
        self.resource = resource
        self.call_it(self.title)
        self.wait = wait
        self.on_repeat: Callable[[str], None] = lambda line: None  #: called with one line for each repeated query
        self.identity = identity or scpi.parse_identity(self.ask("*IDN?"))

    def call_it(self, title: str) -> None:
        """Set how people call it ("Keithley 2450"), and its name as messages show it."""
        self.title = title
        inside = ", ".join(part for part in (title, self.resource) if part)
        self.label = f"{self.name} ({inside})"  #: ``source_meter (Keithley 2450, USB0::…)``

    # ------------------------------------------------------------------------------------------ messages

    def write(self, command: str, **kwargs: object) -> None:
        """Send one message; never between another thread's query and its reply."""
        with self.lock:
            super().write(command, **kwargs)

    def send(self, *commands: str) -> None:
        """Send several messages, one after the other."""
        with self.lock:
            for command in commands:
                self.write(command)

    def write_block(self, command: str, payload: bytes) -> None:
        """Send ``command`` followed by a definite-length block."""
        with self.lock:
            self.write_bytes(command.encode("ascii") + scpi.format_block(payload))

    def ask(self, command: str, query_delay: float | None = None) -> str:
        """Send one message and return its reply, as one act; repeated where that is safe."""
        return self.questions.text(command, query_delay)

    def ask_number(self, command: str) -> float:
        """Return a numeric reply; CommunicationError where it is none."""
        return self.questions.parsed(command, scpi.parse_number)

    def ask_switch(self, command: str) -> bool:
        """Return the state of a switch; CommunicationError where the reply is none."""
        return self.questions.parsed(command, scpi.parse_switch)

    def ask_list(self, command: str) -> list[float]:
        """Return a reply of comma-separated numbers; CommunicationError where it is none."""
        return self.questions.parsed(command, scpi.parse_list)

    # ---------------------------------------------------------------------------------- errors, read-back

    def check_errors(self) -> None:
        """Empty the error queue; InstrumentError with all entries if there are any."""
        entries: list[scpi.ErrorReply] = []
        with self.lock:
            for _ in range(_QUEUE_DEPTH):
                entry = self.questions.parsed(":SYST:ERR?", scpi.parse_error)
                if entry.code == 0:
                    break
                entries.append(entry)
        if entries:
            listed = "; ".join(entry.line for entry in entries)
            raise InstrumentError(f"{self.label} reports: {listed}. Check the settings and measure again")

    def configured(self, settings: T | None, what: str) -> T:
        """Return the settings. Raise InstrumentError if ``what`` has not been configured."""
        if settings is None:
            raise InstrumentError(f"{self.label}: no {what} is configured. Call configure_{what} first")
        return settings

    def accepted(
        self,
        quantity: str,
        asked: float,
        got: float,
        unit: str,
        relative: float = 1e-3,
        absolute: float = 0.0,
    ) -> float:
        """Return ``got`` if it is ``asked`` within the resolution, else raise InstrumentError."""
        if math.isclose(asked, got, rel_tol=relative, abs_tol=absolute) or asked == got:
            return got
        raise InstrumentError(
            f"{self.label}: {quantity} {short_quantity(asked, unit)} was requested, but the instrument set "
            f"{short_quantity(got, unit)}. Choose a value that the instrument supports"
        )

    # --------------------------------------------------------------------------------------------- reset

    def clear(self) -> None:
        """Device clear, then an empty status and error queue."""
        with self.lock:
            clear = getattr(self.adapter.connection, "clear", None)
            if clear is not None:
                clear()
            self.write("*CLS")

    def reset(self) -> None:
        """Known state: outputs off, defaults, empty queues."""
        self.clear()
        self.write(f"*ESE {POWER_ON}")
        self.write("*RST")
        self.initialise()
        self.check_errors()

    def lost_power(self) -> bool:
        """Whether it was switched off and on since ``reset``: then its settings are gone, its identity is not.

        ``reset`` enables the power-on event alone. After a restart either the enable register is back at zero or,
        where ``*PSC 0`` keeps it, the event shows in the status byte (IEEE 488.2, 11.5.1). Neither query
        changes anything, so both can be repeated, also while an operation runs. Two consecutive checks
        confirm a restart.
        """
        return all(self.questions.parsed("*ESE?;*STB?", _power_lost) for _ in range(2))

    def initialise(self) -> None:
        """Send what must hold after a reset; drivers override."""

    # ------------------------------------------------------------------------------------------- outputs

    def abort(self) -> None:
        """Stop the running operation; drivers override."""

    def terminal(self, channel: str) -> InstrumentBase:
        """Return the instrument itself; drivers of several outputs override."""
        return cast("InstrumentBase", self)   # a driver adds its outputs: there is no safe default for them

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back; drivers override."""
        return {}

    def close(self) -> None:
        """Close the connection."""
        self.adapter.close()
