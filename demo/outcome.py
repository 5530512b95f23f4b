"""What the demo leaves: numbers beside the device's true values, and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.demo.parts import Part


@dataclass(frozen=True)
class DemoRow:
    """One measured number beside the device's true value."""

    row: Mapping[str, Any]  #: the result row, as ``--json`` prints it
    true: float | None  #: None: the witness saw no such event
    claim: float  #: relative deviation that is still right

    @property
    def deviation(self) -> float | None:
        """Relative deviation of the measured value from the truth."""
        if self.true is None or self.row["value"] is None:
            return None
        return float(self.row["value"]) / self.true - 1.0

    @property
    def within(self) -> bool:
        """Whether the value is within the claim of the truth."""
        return self.deviation is not None and abs(self.deviation) <= self.claim

    @property
    def covered(self) -> bool:
        """Whether the 95 % interval holds the truth."""
        low, high = self.row["low"], self.row["high"]
        return self.true is not None and low is not None and high is not None and low <= self.true <= high

    def as_json(self) -> dict[str, Any]:
        """Return the result row with the truth beside it."""
        return {
            **self.row, "true": self.true, "deviation": self.deviation, "within": self.within, "covered": self.covered,
        }


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo left: the table and the files."""

    parts: tuple[Part, ...]
    rows: tuple[DemoRow, ...]
    static: Mapping[str, float]  #: fold and hold voltage [V] of the static curve of the NbO2 device, for comparison
    runs: tuple[Path, ...]
    figures: tuple[Path, ...]
    folder: Path

    @property
    def missing(self) -> list[str]:
        """Claims for which there are too few rows, as "device: quantity"."""
        return [
            f"{part.device}: {name}" for part in self.parts for name, claim in part.claims.items()
            if sum(row.row["device"] == part.device and row.row["quantity"] == name for row in self.rows) < claim.rows
        ]

    @property
    def passed(self) -> bool:
        """Whether every claim was measured and is right."""
        return not self.missing and all(row.within for row in self.rows)
