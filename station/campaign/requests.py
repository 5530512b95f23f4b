"""Requests to a campaign while it runs: those to a run (stop, pause, resume), and skip and order of its items."""

import threading

from tsbench.station.protection.control import Control


class CampaignControl(Control):
    """The requests to a campaign. Safe to use from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._asked: list[tuple[str, str]] = []

    def skip(self, pattern: str) -> None:
        """Leave out the runs whose keys match a pattern such as ``"W1/D3 *"``."""
        self._ask("skip", pattern)

    def first(self, pattern: str) -> None:
        """Perform the runs whose keys match a pattern before all others that are left."""
        self._ask("first", pattern)

    def last(self, pattern: str) -> None:
        """Perform the runs whose keys match a pattern after all others that are left."""
        self._ask("last", pattern)

    def asked(self) -> list[tuple[str, str]]:
        """Return the requests since the last call: what, and the pattern."""
        with self._guard:
            found, self._asked = self._asked, []
        return found

    def _ask(self, what: str, pattern: str) -> None:
        with self._guard:
            self._asked.append((what, pattern))
