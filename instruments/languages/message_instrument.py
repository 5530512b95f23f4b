"""Base class of our drivers: messages in their language, error queue, reading settings back, reset."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, TypeVar, cast

from pymeasure.adapters import Adapter

from tsbench.errors import (
    CommunicationError,
    ConfigurationError,
    GarbledReply,
    InstrumentError,
    NoReply,
    cause,
    nearest,
)
from tsbench.instruments.interfaces import InstrumentBase
from tsbench.instruments.languages.language import ErrorReply, Language
from tsbench.instruments.languages.pymeasure_classes import TypedInstrument
from tsbench.instruments.languages.scpi import block_length_digits, parse_list, parse_number, parse_switch
from tsbench.quantities import short_quantity
from tsbench.records import Identity

T = TypeVar("T")
REPEATS = 2  #: of a query that was not answered, or not understood
LATE = 0.02  #: [s] by which a reply may miss its timeout and still be dropped before its query is repeated
_FAR = 0.5  #: of the larger of two values: by that much no instrument rounds
_UNSUPPORTED = "Choose a value that the instrument supports"
_GARBLED = f"{_UNSUPPORTED}. If it supports this one, the reply may be garbled: check the cable and measure again"


class Questions:
    """Questions to one instrument: no other thread comes between, repeated where that is safe.

    Parameters
    ----------
    instrument : MessageInstrument
        The instrument. Its label stands in messages.
    ask_once : callable
        Sends a query and returns its reply: (command, delay between the two [s] or None).
    """

    def __init__(self, instrument: "MessageInstrument", ask_once: Callable[[str, float | None], str]) -> None:
        self._instrument = instrument
        self._ask_once = ask_once
        self._last_number = ("", math.nan)  #: question and reply
        self._looking = False  #: whether it asks for a restart now
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

    def number(self, command: str) -> float:
        """Return a numeric reply, and keep it with its question."""
        found = self.parsed(command, parse_number)
        self._last_number = command, found
        return found

    def number_again(self, value: float) -> float | None:
        """Ask the last question for a number again whose reply was ``value``, where that is safe; else None."""
        command, found = self._last_number
        instrument = self._instrument
        if found != value or not instrument.language.may_be_repeated(command, instrument.repeatable):
            return None
        instrument.on_repeat(
            f"{instrument.label}: '{command}' was sent again, because the reply {value:g} is far from what was set")
        return self.number(command)

    def block(self, command: str, before: bytes = b"", after: bytes = b"\n") -> bytes:
        """Return the payload of a definite-length block, and check what stands before it and after it."""
        return self._repeated(command, lambda: self._block_once(command, before, after))

    def sized_block(self, command: str, size: int) -> bytes:
        """Return the ``size`` bytes of a reply whose length is known, whatever they are."""

        def act() -> bytes:
            with self.lock:
                self._instrument.write(command)
                return bytes(self._instrument.read_bytes(size))

        return self._repeated(command, act)

    def resynchronise(self, why: str) -> None:
        """After a lost or garbled reply: drop what may still come, and find the same instrument in step.

        Raises
        ------
        CommunicationError
            It does not answer, or answers an earlier query.
        """
        instrument, language = self._instrument, self._instrument.language
        instrument.on_repeat(f"{instrument.label}: {why}")
        instrument.wait(LATE)   # what comes after the clear would be taken for the reply to a later query
        connection = instrument.adapter.connection
        answer = ""
        for _ in range(2):
            getattr(connection, "resynchronise", connection.clear)()
            answer = self._once(language.identity_question)
            try:
                if language.parse_identity(answer) == instrument.identity:
                    return
            except ValueError:
                continue
        raise GarbledReply(
            f"{instrument.label}: its replies belong to earlier messages (it replied '{answer[:60]}' to "
            f"'{language.identity_question}'). "
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
                    if not self._instrument.language.may_be_repeated(command, self._instrument.repeatable):
                        raise
                    self.resynchronise(f"'{command}' was sent again, because {cause(error)}")
                    self._refuse_restarted(command, error)
            return act()

    def _refuse_restarted(self, command: str, error: CommunicationError) -> None:
        """Refuse to go on with an instrument that lost a reply because it restarted: its settings are gone.

        Raises
        ------
        CommunicationError
            It has lost the mark of its reset, or does not answer the questions for it.
        """
        instrument = self._instrument
        if not instrument.has_restart_mark or self._looking or command in instrument.language.power_questions:
            return
        self._looking = True   # these questions may lose their replies, too
        try:
            restarted = instrument.lost_power()
        finally:
            self._looking = False
        if restarted:
            raise CommunicationError(
                f"{instrument.label} was switched off and on, so it lost the reply to '{command}' ({cause(error)}). "
                "Its settings are gone. Check its mains supply and measure again") from error

    def _block_once(self, command: str, before: bytes, after: bytes) -> bytes:
        instrument = self._instrument
        with self.lock:
            instrument.write(command)
            try:
                head = bytes(instrument.read_bytes(len(before) + 2))
                if not head.startswith(before):
                    raise ValueError(f"it begins with {head!r}, not with {before!r}")
                digits = block_length_digits(head[len(before):])
                length = int(instrument.read_bytes(digits))
            except ValueError as error:
                raise GarbledReply(f"{instrument.label}: the data block in the reply to '{command}' is garbled "
                                   f"({error}). Repeat the measurement") from None
            payload = bytes(instrument.read_bytes(length))
            end = bytes(instrument.read_bytes(len(after)))
        if len(payload) != length or end != after:
            raise GarbledReply(
                f"{instrument.label}: the data block in the reply to '{command}' is garbled ({len(payload)} of "
                f"{length} bytes, followed by {end!r}). Repeat the measurement"
            )
        return payload


class MessageInstrument(TypedInstrument):
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
        VISA address: for messages, and where the interface decides how an instrument replies (KXCI).
    wait : callable
        Waits [s] on the bench's clock between two polls.
    """

    language: ClassVar[Language]
    title = "instrument"  #: as people call it: "Keithley 2450"
    #: questions that change nothing in the instrument, as ``language`` writes them; drivers add theirs
    repeatable: ClassVar[tuple[str, ...]] = ()

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
        self.has_restart_mark = False  #: whether it has the mark that a restart takes away
        self.on_repeat: Callable[[str], None] = lambda line: None  #: called with one line for each repeated query
        self.identity = identity or self.language.parse_identity(self.ask(self.language.identity_question))

    def call_it(self, title: str) -> None:
        """Set how people call it ("Keithley 2450"), and its name as messages show it."""
        self.title = title
        inside = ", ".join(part for part in (title, self.resource) if part)
        self.label = f"{self.name} ({inside})"  #: ``source_meter (Keithley 2450, USB0::…)``

    def known_model(self, model: str, models: Iterable[str]) -> str:
        """Return ``model``; ConfigurationError with the nearest of ``models`` where it is none of them."""
        known = tuple(models)
        if model not in known:
            raise ConfigurationError(f"{self.label}: tsbench does not know the model {model}{nearest(model, known)}")
        return model

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

    def ask(self, command: str, query_delay: float | None = None) -> str:
        """Send one message and return its reply, as one act; repeated where that is safe."""
        return self.questions.text(command, query_delay)

    def ask_number(self, command: str) -> float:
        """Return a numeric reply; CommunicationError where it is none."""
        return self.questions.number(command)

    def ask_switch(self, command: str) -> bool:
        """Return the state of a switch; CommunicationError where the reply is none."""
        return self.questions.parsed(command, parse_switch)

    def ask_list(self, command: str) -> list[float]:
        """Return a reply of comma-separated numbers; CommunicationError where it is none."""
        return self.questions.parsed(command, parse_list)

    # ---------------------------------------------------------------------------------- errors, read-back

    def check_errors(self) -> None:
        """Empty the error queue; InstrumentError with all entries if there are any."""
        if not self.language.error_question:
            return
        entries: list[ErrorReply] = []
        with self.lock:
            if self.language.parse_errors is not None:
                entries += self.questions.parsed(self.language.error_question, self.language.parse_errors)
            for _ in range(0 if self.language.parse_errors else self.language.queue_depth):
                entry = self.questions.parsed(self.language.error_question, self.language.parse_error)
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
        """Return ``got`` if it is ``asked`` within the resolution, else raise InstrumentError.

        If the value is far from ``asked`` and is the reply to the last query, the query is sent once more.
        """

        def same(value: float) -> bool:
            return math.isclose(asked, value, rel_tol=relative, abs_tol=absolute) or asked == value

        if same(got):
            return got
        far = not math.isclose(asked, got, rel_tol=_FAR, abs_tol=absolute)
        if far and (again := self.questions.number_again(got)) is not None and same(again):
            return again
        raise InstrumentError(
            f"{self.label}: {quantity} {short_quantity(asked, unit)} was requested, but the instrument set "
            f"{short_quantity(got, unit)}. {_GARBLED if far else _UNSUPPORTED}"
        )

    # --------------------------------------------------------------------------------------------- reset

    def clear(self) -> None:
        """Device clear, then an empty status and error queue."""
        with self.lock:
            clear = getattr(self.adapter.connection, "clear", None)
            if clear is not None:
                clear()
            self.send(*self.language.clearing)

    def reset(self) -> None:
        """Known state: outputs off, defaults, empty queues."""
        self.clear()
        self.send(*self.language.resetting)
        self.has_restart_mark = True
        self.initialise()
        self.check_errors()

    def lost_power(self) -> bool:
        """Whether it was switched off and on since ``reset``: then its settings are gone, its identity is not.

        Most languages set a mark with the last messages of ``reset``; a restart changes it (``Language.power_lost``).
        Where no value shows a restart (KXCI), this is always False. The questions change nothing, so they can be
        repeated, also while an operation runs. Two consecutive checks confirm a restart.
        """
        return all(self._power_lost() for _ in range(2))

    def _power_lost(self) -> bool:
        *before, last = self.language.power_questions
        replies = [self.ask(question) for question in before]
        return self.questions.parsed(last, lambda reply: self.language.power_lost([*replies, reply]))

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
