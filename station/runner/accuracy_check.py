"""Checks whether the driver of a source meter states the accuracy from which the extraction computes intervals."""

from collections.abc import Mapping
from typing import Any


def missing_accuracy(instruments: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return one line for each instrument of the role ``drive`` whose driver lacks an accuracy.

    Parameters
    ----------
    instruments : mapping
        Name -> facts, as the header of a run has them: ``roles`` and ``accuracy`` ("measure_current:0.001" -> row).

    Returns
    -------
    tuple of str
        Warnings: the instrument, what is missing and the keys to add. Empty if nothing is missing.
    """
    lines = []
    for name, facts in instruments.items():
        if "drive" not in (facts.get("roles") or ()):
            continue
        stated = {str(key).partition(":")[0].rpartition(".")[2] for key in facts.get("accuracy") or ()}
        missing = [what for what in ("voltage", "current") if not stated & {f"measure_{what}", f"source_{what}"}]
        if missing:
            lines.append(
                f"{name}: the driver states no accuracy of the {' and the '.join(missing)}, so the intervals of the "
                f"results are too narrow. Add {' and '.join(f'measure_{what}:FULL_SCALE' for what in missing)} to the "
                "method accuracy of the driver")
    return tuple(lines)
