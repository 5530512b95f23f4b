"""Requests to a campaign while it runs: those to a run (stop, pause, resume), pause after a device, skip, order."""

import threading

from tsbench.station.protection.control import Control


class CampaignControl(Control):
    """The requests to a campaign. Safe to use from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._asked: list[tuple[str, str]] = []
        self._after_device = False

    def skip(self, pattern: str) -> None:
        """Leave out the runs whose keys match a pattern such as ``"W1/D3 *"``."""
        self._ask("skip", pattern)

    def first(self, pattern: str) -> None:
        """Perform the runs whose keys match a pattern before all others that are left."""
        self._ask("first", pattern)

    def last(self, pattern: str) -> None:
        """Perform the runs whose keys match a pattern after all others that are left."""
        self._ask("last", pattern)

    def pause_after_device(self) -> None:
        """Finish the device that is measured, then pause."""
        self._after_device = True

    def resume(self) -> None:
        """Go on after a pause; a pause that waits for the end of a device is not wanted any more."""
        self._after_device = False
        super().resume()

    def device_finished(self) -> None:
        """Pause here if this was wished: the campaign calls it between two devices."""
        if self._after_device:
            self._after_device = False
            self.pause()

    def request(self, line: str) -> bool:
        """Do what a line asks for: a request to a run, "finish device", or skip, first or last with a pattern."""
        word, _, pattern = line.strip().partition(" ")
        ask = {"skip": self.skip, "first": self.first, "last": self.last}.get(word.lower())
        if ask is not None and pattern.strip():
            ask(pattern.strip())
        elif line.split() == ["finish", "device"]:
            self.pause_after_device()
        else:
            return super().request(line)
        return True

    def words(self) -> tuple[str, ...]:
        """Return the requests that a line may hold."""
        return *super().words(), "finish device", "skip PATTERN", "first PATTERN", "last PATTERN"

    def asked(self) -> list[tuple[str, str]]:
        """Return the requests since the last call: what, and the pattern."""
        with self._guard:
            found, self._asked = self._asked, []
        return found

    def _ask(self, what: str, pattern: str) -> None:
        with self._guard:
            self._asked.append((what, pattern))
