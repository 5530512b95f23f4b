"""Figures of a run before they are drawn."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tsbench.records import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: what a figure is called after the run ("iv"), and what draws it
NamedFigure = tuple[str, Callable[[], "Figure"]]
#: what such a name may be: it is part of the name of the figure's file
FIGURE_NAME = re.compile(r"[A-Za-z0-9_-]+")

#: figures of single pulses and of single biases, at most
MOST_FIGURES = 12


def figure_title(run: Run, what: str) -> str:
    """Return the title of a figure of a run: the device, and what is shown."""
    return f"{run.header.device.identifier}: {what}"
