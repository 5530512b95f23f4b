"""How an acquisition ended, and an error in one line."""

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from tsbench.errors import CommunicationError, TsbenchError
from tsbench.instruments.registry import DRIVERS
from tsbench.protocols.registry import PROTOCOLS
from tsbench.storage.recorder import Status


@dataclass(frozen=True)
class Ended:
    """How an acquisition ended."""

    status: Status
    reason: str = ""
    error: BaseException | None = None

    @property
    def connection_lost(self) -> bool:
        """Whether the way to an instrument is in doubt."""
        return isinstance(self.error, CommunicationError)


def ended_by(error: BaseException) -> Ended:
    """Return how a run ended that raised ``error``."""
    if isinstance(error, KeyboardInterrupt):
        return Ended("abort", f"interrupted ({error})" if str(error) else "interrupted", error)
    if isinstance(error, SystemExit):  # only code of a plug-in raises it: a signal is a KeyboardInterrupt
        reason = f"the code of the protocol or of a driver called sys.exit ({in_words(error)})"
        return Ended("fail", reason, error)
    return Ended("fail", in_words(error), error)


def in_words(error: BaseException) -> str:
    """Return one line: the message of an error raised on purpose, else also its type and its place in a plug-in."""
    text = " ".join(str(error).split())
    if isinstance(error, TsbenchError) and text:
        return text
    words = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place = _place(error)
    return f"{words} ({place})" if place else words


def _place(error: BaseException) -> str:
    """Return file and line of the last step in code of another author, "" where there was none."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        package, file = str(frame.f_globals.get("__name__")).partition(".")[0], Path(frame.f_code.co_filename)
        if package == "tsbench" or package in sys.stdlib_module_names:
            continue
        if not {"site-packages", "dist-packages"} & set(file.parts) or package in _packages_of_plugins():
            return f"{file.name}, line {line}"
    return ""


def _packages_of_plugins() -> set[str]:
    modules = [offer.thing.__module__ for offer in PROTOCOLS.offers().values()]
    modules += [offer.thing.driver for offer in DRIVERS.offers().values()]
    return {module.partition(":")[0].partition(".")[0] for module in modules}
