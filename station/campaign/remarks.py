"""The events of many runs, with the name of the run in front, and without the warnings that a run before had too."""

from dataclasses import replace

from tsbench.records import RunEvent
from tsbench.station.runner.events import Listener


class Remarks:
    """Passes the events of a campaign on, and of the warnings of one text those of the first run that has it.

    Warnings, log lines and retries get the name of their run in front. The later runs that have a warning are counted:
    a bench without a scope has the same remark in each of a thousand runs, and the few remarks that matter drown.
    Nothing is lost: each run file has its own warnings.

    Parameters
    ----------
    tell : callable
        Gets the events.
    """

    def __init__(self, tell: Listener) -> None:
        self._tell = tell
        self._runs: dict[str, dict[str, str]] = {}  #: text of a warning -> key of each run that has it -> its name

    def __call__(self, event: RunEvent, key: str, which: str) -> None:
        """Pass on an event of the run of a key; ``which`` names the run in front of a text."""
        if event.kind == "warning":
            runs = self._runs.setdefault(event.message, {})
            runs.setdefault(key, which)
            if len(runs) > 1:
                return
        if event.kind in {"warning", "log", "retry"}:
            event = replace(event, message=f"{which}: {event.message}")
        self._tell(event)

    def tell_rest(self) -> None:
        """Tell which warnings other runs had too, and of how many runs."""
        for text, runs in self._runs.items():
            if (others := len(runs) - 1) > 0:
                self._tell(RunEvent("warning", f"the same warning as of {next(iter(runs.values()))} in {others} more "
                                               f"run{'s' * (others > 1)}: {text}"))
        self._runs.clear()
