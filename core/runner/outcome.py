"""What a run came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.records import Result

INTERRUPTED = 130


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended, where it is, and what every output was read back as."""

    path: Path | None  #: run file; the journal where it could not be made; None: nothing was written
    status: str  #: "success", "abort", "fail"
    reason: str
    results: tuple[Result, ...] = ()
    outputs: Mapping[str, bool | None] = field(default_factory=dict)  #: False: off; None: unknown
    run_id: str = ""
    device: str = ""
    protocol: str = ""
    error_code: int = 1  #: exit code of the error that made it fail
    remarks: tuple[str, ...] = ()  #: what was told while it ran: warnings, questions asked again; one line each

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
        return "; ".join(part for part in (self.reason, self.remarks[-1] + more) if part)

    @property
    def exit_code(self) -> int:
        """0 done, 130 interrupted and safe, 3 refused as unsafe, else 1: failed but on disk."""
        if self.status in {"success", "abort"}:
            return 0 if self.status == "success" else INTERRUPTED
        return 3 if self.error_code == 3 else 1

    def rows(self) -> list[dict[str, Any]]:
        """Return the result rows that ``--json`` prints."""
        return [result.row(self.device, self.protocol, self.run_id) for result in self.results]
