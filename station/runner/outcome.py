"""The outcome of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.errors import EXIT_INTERRUPTED, sentences
from tsbench.records import Flag, Result

REFUSED, LEFT_OUT = "refused", "left out"  #: of an entry of a list of which there is no run


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended, where it is, and what every output was read back as."""

    path: Path | None  #: run file; the journal where it could not be made; None: nothing was written
    status: str  #: "success", "abort", "fail"; of an entry of a list also "refused", "left out"
    reason: str
    results: tuple[Result, ...] = ()
    outputs: Mapping[str, bool | None] = field(default_factory=dict)  #: False: off; None: unknown
    run_id: str = ""
    device: str = ""
    protocol: str = ""
    error_code: int = 1  #: exit code of the error that made it fail
    remarks: tuple[str, ...] = ()  #: warnings and repeated questions of the run, one line each
    contact: Flag = Flag.NONE  #: OPEN or SHORT where the device looked so over the whole run; COMPLIANCE: not known
    earlier: bool = False  #: measured before, and found by ``--resume``

    @property
    def safe(self) -> bool:
        """Whether every output was read back as off."""
        return bool(self.outputs) and all(state is False for state in self.outputs.values())

    @property
    def line(self) -> str:
        """What happened, in one line: why it ended early, else the last remark (conclusions come last), else ""."""
        if self.status != "success" or not self.remarks:
            return self.reason
        others = len(self.remarks) - 1
        more = f" (and {others} more remark{'s' * (others > 1)} in the run file)" if others else ""
        return sentences(self.reason, self.remarks[-1] + more)

    @property
    def exit_code(self) -> int:
        """0 done, 130 interrupted and safe, 3 refused as unsafe, else 1: failed but on disk."""
        if self.status in {"success", "abort"}:
            return 0 if self.status == "success" else EXIT_INTERRUPTED
        if self.status == REFUSED:
            return self.error_code
        return 3 if self.error_code == 3 else 1

    def rows(self) -> list[dict[str, Any]]:
        """Return the result rows that ``--json`` prints."""
        return [result.row(self.device, self.protocol, self.run_id) for result in self.results]

    def entry_row(self) -> dict[str, Any]:
        """Return a row, shaped as those of results, that says what became of the run itself."""
        row = Result("run", "", None, None, None, "").row(self.device, self.protocol, self.run_id)
        return {**row, "flags": [self.status], "status": self.status, "reason": self.reason}


def unless_late(signal: str, outcome: RunOutcome) -> RunOutcome:
    """Return the outcome, but raise KeyboardInterrupt where a signal came too late to end the run.

    A script must not go on after it. The status of a run that it has ended, or that was not begun, says it.
    """
    if signal and outcome.status in {"success", "fail"}:
        why = f" ({outcome.reason})" if outcome.status == "fail" else ""
        raise KeyboardInterrupt(
            f"{signal} after the measurement. The run {outcome.run_id} ended with status {outcome.status}{why}. See "
            f"{outcome.path}")
    return outcome
