"""How an acquisition ended."""

from dataclasses import dataclass

from tsbench.errors import CommunicationError
from tsbench.plugins import in_words
from tsbench.station.bench.driver_waits import StopHeard
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
    if isinstance(error, StopHeard):
        return Ended("abort", str(error))
    if isinstance(error, KeyboardInterrupt):
        return Ended("abort", f"interrupted ({error})" if str(error) else "interrupted", error)
    if isinstance(error, SystemExit):  # only code of a plug-in raises it: a signal is a KeyboardInterrupt
        reason = f"the code of the protocol or of a driver called sys.exit ({in_words(error)})"
        return Ended("fail", reason, error)
    return Ended("fail", in_words(error), error)
