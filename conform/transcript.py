"""What was said to an instrument and what it answered: a transcript, its file, and who writes it down."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError

LONGEST_BYTES = 64  #: of a block that are kept as they are; of a longer one only the length

_VERSION = 1


@dataclass(frozen=True)
class Exchange:
    """One message and its reply.

    Parameters
    ----------
    message : that was sent; "device clear" and "serial poll" are no messages, but stand here in their place
    reply : text; of bytes what :func:`shown` makes of them; "" if nothing was read
    seconds : [s] on the bench's clock since the exchange before
    """

    message: str
    reply: str
    seconds: float


@dataclass(frozen=True)
class TranscriptStep:
    """One step with its messages and replies."""

    name: str
    exchanges: tuple[Exchange, ...]
    failure: str = ""  #: why the driver gave the step up, in one line
    status: int | None = None  #: status byte at its end, None where the bus has no serial poll
    #: what the driver made of a record, in SI units: the transcript does not have the bytes of a long block
    results: Mapping[str, float] = field(default_factory=dict)
    free: bool = False  #: the values depend on what is around the instrument; only their form is compared


@dataclass(frozen=True)
class Transcript:
    """All steps with one instrument."""

    driver: str
    identity: str  #: manufacturer, model and firmware; no serial number
    steps: tuple[TranscriptStep, ...]
    #: date, program version, name on the bench, whether it is on a socket, resistors, options of the driver
    facts: Mapping[str, Any] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        """Write it as text: one line a step, so that two of them can be compared by eye."""
        head = {"tsbench_transcript": _VERSION, "driver": self.driver, "identity": self.identity, **self.facts}
        lines = [json.dumps(head), *(json.dumps(_plain(step)) for step in self.steps)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Transcript":
        """Read what ``write`` wrote.

        Raises
        ------
        ConfigurationError
            It is no transcript, or of another version.
        """
        try:
            head, *steps = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
            version = head.pop("tsbench_transcript")
            driver, identity = head.pop("driver"), head.pop("identity")
            found = tuple(
                TranscriptStep(one["name"], tuple(Exchange(*exchange) for exchange in one["exchanges"]),
                               one.get("failure", ""), one.get("status"), one.get("results", {}),
                               one.get("free", False)) for one in steps)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{file} is not a transcript ({' '.join(str(error).split())})") from None
        if version != _VERSION:
            raise ConfigurationError(f"{file} is a transcript of version {version}, but this program reads version "
                                     f"{_VERSION}. Use the same version of tsbench")
        return cls(driver, identity, found, head)


def _plain(step: TranscriptStep) -> dict[str, Any]:
    exchanges = [[one.message, one.reply, float(f"{one.seconds:.4g}")] for one in step.exchanges]
    return {**asdict(step), "exchanges": exchanges}


def shown(reply: str | bytes) -> str:
    """Return a reply as a transcript keeps it."""
    if isinstance(reply, str):
        return reply
    if reply.isascii() and reply.decode("ascii").replace("\n", "").isprintable():
        return reply.decode("ascii").rstrip("\n")
    return f"<{len(reply)} bytes: {reply.hex()}>" if len(reply) <= LONGEST_BYTES else f"<{len(reply)} bytes>"


class ActRecorder:
    """Writes down the acts of one transport.

    Parameters
    ----------
    now : returns the time on the bench's clock [s]
    error_question : that of the instrument's language; each reply to it counts
    """

    def __init__(self, now: Callable[[], float], error_question: str = "") -> None:
        self._now = now
        self._error_question = error_question
        self._lines: list[Exchange] = []
        self._before = now()

    def heard(self, operation: str, message: str, answer: str | bytes) -> None:
        """Write down one act, as :class:`~tsbench.instruments.links.transport.Transport` tells it."""
        seconds, self._before = self._now() - self._before, self._now()
        last = self._lines[-1] if self._lines else None
        if operation == "read" and last is not None and last.message == message:
            self._lines[-1] = Exchange(message, last.reply + shown(answer), last.seconds + seconds)
        elif operation != "open":
            self._lines.append(Exchange(message, shown(answer), seconds))

    def take(self) -> tuple[Exchange, ...]:
        """Return what was said since it was asked last.

        A question that was put several times one after the other (whether something has ended) counts once, with its
        last reply and all its time.
        """
        lines, self._lines, self._before = self._lines, [], self._now()
        told: list[Exchange] = []
        for line in lines:
            if told and told[-1].message == line.message != self._error_question and line.reply:
                told[-1] = Exchange(line.message, line.reply, told[-1].seconds + line.seconds)
            else:
                told.append(line)
        return tuple(told)
