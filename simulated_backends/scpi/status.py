"""The status model of IEEE 488.2 and SCPI-99: status byte, standard event register, condition/event
registers.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tsbench.simulated_backends.scpi.errors import ERROR_TEXTS, ScpiError, event_bit

OPERATION_COMPLETE = 0x01
POWER_ON = 0x80

ERROR_AVAILABLE_BIT = 0x04
QUESTIONABLE_BIT = 0x08
MESSAGE_AVAILABLE_BIT = 0x10
STANDARD_EVENT_BIT = 0x20
SERVICE_REQUEST_BIT = 0x40
OPERATION_BIT = 0x80


@dataclass
class EventRegister:
    """A condition register with its transition filters, event register and enable mask (SCPI-99 volume 1,
    20).
    """

    condition: int = 0
    event: int = 0
    enable: int = 0
    positive: int = 0x7FFF
    negative: int = 0

    def set_condition(self, bits: int) -> None:
        """Replace the condition; rising and falling bits become events as the filters say."""
        rising, falling = bits & ~self.condition, self.condition & ~bits
        self.condition = bits
        self.event |= (rising & self.positive) | (falling & self.negative)

    def set_bit(self, bit: int, on: bool) -> None:
        """Set or clear one condition bit (a mask)."""
        self.set_condition(self.condition | bit if on else self.condition & ~bit)

    def read_event(self) -> int:
        """Return the event register and clear it."""
        event, self.event = self.event, 0
        return event

    @property
    def summary(self) -> bool:
        return bool(self.event & self.enable)


@dataclass(frozen=True)
class QueuedError:
    """One entry of the error queue."""

    code: int
    text: str
    time: float  #: [s] bench time


@dataclass
class StatusModel:
    """Everything ``*STB?``, ``*ESR?`` and ``SYST:ERR?`` report. ``requested`` is called when service is
    requested.
    """

    queue_depth: int = 20
    now: Callable[[], float] = lambda: 0.0
    requested: Callable[[], None] = lambda: None
    errors: deque[QueuedError] = field(default_factory=deque)
    standard_event: int = POWER_ON
    standard_enable: int = 0
    service_enable: int = 0
    operation: EventRegister = field(default_factory=EventRegister)
    questionable: EventRegister = field(default_factory=EventRegister)
    message_available: bool = False
    extra_bits: Callable[[], int] = lambda: 0  #: a model's own bits of the status byte
    event_bit: Callable[[int], int] = event_bit  #: of the standard event register, by the number of an error
    summarises_queue: bool = True  #: whether bit 2 of the status byte says that the error queue is not empty
    _requesting: bool = False  #: RQS, until the serial poll
    _summary: bool = False

    def post(self, error: ScpiError) -> None:
        """Put an error into the queue and set its bit; a full queue ends with -350."""
        text = error.text or ERROR_TEXTS.get(error.code, "Device-specific error")
        if error.detail:
            text = f"{text};{error.detail}"
        entry = QueuedError(error.code, text, self.now())
        if len(self.errors) >= self.queue_depth:
            self.errors[-1] = QueuedError(-350, ERROR_TEXTS[-350], self.now())
        else:
            self.errors.append(entry)
        self.set_event(self.event_bit(error.code))

    def set_event(self, bits: int) -> None:
        """Set bits of the standard event register."""
        self.standard_event |= bits
        self.update()

    def clear(self) -> None:
        """Do what ``*CLS`` does: all event registers and the queue, not the masks."""
        self.errors.clear()
        self.standard_event = 0
        self.operation.event = self.questionable.event = 0
        self.update()

    def power_on(self) -> None:
        """Start as after a power cycle: the power-on event stands, everything else and all masks are cleared (as
        with ``*PSC 1``, which the 33600A is delivered with; the 2450 and the 3000T have no ``*PSC``).
        """
        self.clear()
        self.standard_enable = self.service_enable = 0
        self.standard_event = POWER_ON
        self.preset()

    def preset(self) -> None:
        """Do what ``STATus:PRESet`` does."""
        for register in (self.operation, self.questionable):
            register.enable, register.positive, register.negative = 0, 0x7FFF, 0
        self.update()

    def summary_bits(self) -> int:
        """Return the status byte without bit 6."""
        bits = self.extra_bits() & ~SERVICE_REQUEST_BIT
        if self.errors and self.summarises_queue:
            bits |= ERROR_AVAILABLE_BIT
        if self.questionable.summary:
            bits |= QUESTIONABLE_BIT
        if self.message_available:
            bits |= MESSAGE_AVAILABLE_BIT
        if self.standard_event & self.standard_enable:
            bits |= STANDARD_EVENT_BIT
        if self.operation.summary:
            bits |= OPERATION_BIT
        return bits

    def update(self) -> None:
        """Recompute the master summary; its rising edge requests service."""
        summary = bool(self.summary_bits() & self.service_enable & ~SERVICE_REQUEST_BIT)
        if summary and not self._summary:
            self._requesting = True
            self._summary = True
            self.requested()
        elif not summary:
            self._requesting = False
        self._summary = summary

    @property
    def requesting(self) -> bool:
        """Whether the service request line is asserted (a level, until the serial poll)."""
        self.update()
        return self._requesting

    def status_byte(self) -> int:
        """Return what ``*STB?`` returns (bit 6: master summary)."""
        self.update()
        bits = self.summary_bits()
        return bits | SERVICE_REQUEST_BIT if bits & self.service_enable else bits

    def serial_poll(self) -> int:
        """Return the status byte with bit 6 = RQS, and withdraw the request."""
        self.update()
        bits = self.summary_bits() | (SERVICE_REQUEST_BIT if self._requesting else 0)
        self._requesting = False
        return bits
