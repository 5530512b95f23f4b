"""The analysis of one file: results, remarks, and figures."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tsbench.plugins import in_words
from tsbench.records import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: one figure: its file, and what draws it
Drawing = tuple[Path, Callable[[], "Figure"]]


@dataclass(frozen=True)
class Found:
    """Results of one file."""

    understood: str  #: what the file was taken for
    results: list[Result]
    lines: list[str] = field(default_factory=list)  #: remarks for the user, a line each
    figures: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Drawn:
    """Figures that were written, and a line for each that could not be drawn."""

    paths: list[Path]
    problems: list[str]


def draw_all(drawings: Iterable[Drawing]) -> Drawn:
    """Draw and save figures one by one: one that fails costs neither the others nor the numbers."""
    from tsbench.analysis.figures import save

    paths: list[Path] = []
    problems: list[str] = []
    for path, draw in drawings:
        try:
            paths += save(draw(), path)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever Matplotlib or a plug-in raises: the numbers count
            problems.append(f"figure {path.name} could not be drawn ({in_words(error)})")
    return Drawn(paths, problems)


def drawn(found: Found, path: Path, out: Path, drawings: Mapping[str, Callable[[], "Figure"]]) -> Found:
    """Draw the figures of a table and return ``found`` with their paths, and a line for each that failed.

    Parameters
    ----------
    found : the results
    path : of the table; its stem begins the names of the figures
    out : folder of the figures
    drawings : end of a figure's name -> what draws it
    """
    made = draw_all((out / f"{path.stem}_{name}.png", draw) for name, draw in drawings.items())
    return replace(found, lines=[*found.lines, *made.problems], figures=[*found.figures, *made.paths])
