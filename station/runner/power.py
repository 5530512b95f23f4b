"""Whether every instrument kept its power: one that restarted answers as before, with its settings gone."""

from typing import Any

from tsbench.instruments.driver import LOOK_EVERY


class PowerCheck:
    """Looks between two steps of a run, also where an item waits for an instrument that has restarted.

    Parameters
    ----------
    bench : RunnerBench
        Where it has ``restarted()``: names of the instruments that were switched off and on since they were reset.
    """

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._began: float | None = None  #: [s] first step
        self._looked: float | None = None  #: [s] when all were last found as they were left
        self._found = ""

    def due(self, now: float) -> bool:
        """Whether to look after a step: the last look [s] is long enough ago.

        Parameters
        ----------
        now : [s] on the bench's clock
        """
        if self._began is None:
            self._began = now
        return now - (self._began if self._looked is None else self._looked) >= LOOK_EVERY

    def look(self, now: float) -> str:
        """Ask all instruments; one line that says which were restarted and since when, "" if none.

        Parameters
        ----------
        now : [s] on the bench's clock

        Raises
        ------
        CommunicationError
            One does not answer.
        """
        if self._found:
            return self._found
        names: list[str] = getattr(self._bench, "restarted", list)()
        if not names:
            self._looked = now
            return ""
        opened = self._looked is None
        since = "after the bench was opened" if opened else f"after {self._looked:.3f} s on the bench's clock"
        self._found = (
            f"{' and '.join(names)} {'was' if len(names) == 1 else 'were'} switched off and on {since}. The settings "
            "are lost, and the data measured since then are not valid. Check the mains and measure again"
        )
        return self._found
