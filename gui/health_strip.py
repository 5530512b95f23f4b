"""One line at the bottom of the window: disk, clock, rates, temperature, contact, and the last error with its remedy.

Nothing is asked of the bench for it: it hears the events of the run, and looks at the disk and at the clocks.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.health import ClockWatch, RateMeter, disk_in_words, free_space
from tsbench.gui.restyle import restyle
from tsbench.gui.stored_runs.background import Background
from tsbench.quantities import format_quantity

_LOOK_MS = 1000
_DISK_EVERY = 5  #: looks


class HealthStrip(QtWidgets.QWidget):
    """Says how the computer and the run are. A press on the last error shows its whole text.

    Parameters
    ----------
    folder : callable
        Returns the folder of the run files.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        super().__init__()
        self._folder = folder
        self._looks = self._points = 0
        self._journal: Path | None = None
        self._free: int | None = None
        self._temperature: int | None = None  #: place among the values of a point
        self._rates = {"points": RateMeter(), "bytes": RateMeter()}
        self._clock = ClockWatch()
        self._disk = Background(self)
        self._disk.done.connect(self._take_disk)
        self._disk.failed.connect(self._take_no_disk)
        self._labels: dict[str, QtWidgets.QLabel] = {}
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(22)
        for name in ("disk", "clock", "rate", "temperature", "contact"):
            self._labels[name] = QtWidgets.QLabel()
            self._labels[name].setObjectName(f"health_{name}")
            self._labels[name].setProperty("role", "dim")
            row.addWidget(self._labels[name])
        self.error = QtWidgets.QPushButton()
        self.error.setObjectName("last_error")
        self.error.setFlat(True)
        self.error.setCheckable(True)
        self.error.setSizePolicy(QtWidgets.QSizePolicy.Ignored, QtWidgets.QSizePolicy.Preferred)
        self.error.toggled.connect(self._show_whole)
        self.error.hide()
        row.addStretch(1)
        row.addWidget(self.error, 4)
        self.whole = QtWidgets.QLabel(self)   # above what is there: nothing moves when it is shown
        self.whole.setObjectName("whole_error")
        self.whole.setWordWrap(True)
        self.whole.setProperty("role", "problem")
        self.whole.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse | QtCore.Qt.TextSelectableByKeyboard)
        self.whole.setAccessibleName("Last error and its remedy")
        self.whole.hide()
        row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(row)
        self._set("clock", "clock steady", "dim", "The clock of this computer has not jumped since this window opened")
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look_now)
        self._timer.start()

    def look(self, wall: float, monotonic: float) -> None:
        """Look at the clocks and now and then at the disk, and show the rates.

        Parameters
        ----------
        wall, monotonic : float
            [s] of the clock and of the time that passes.
        """
        if jump := self._clock.look(wall, monotonic):
            self._set("clock", f"clock jumped by {jump:+.1f} s at {time.strftime('%H:%M:%S')}", "warning",
                      "The clock of this computer was set, or the computer slept. Times in run files before and after "
                      "differ by this. Let the computer synchronize its clock, and do not let it sleep")
        if self._journal is not None:
            self._rates["points"].note(monotonic, self._points)
            self._show_rates()
        if self._looks % _DISK_EVERY == 0 or self._journal is not None:
            folder, journal = self._folder(), self._journal
            self._disk.do(lambda: (free_space(folder), _size(journal), monotonic))
        self._looks += 1

    def hear(self, event: Mapping[str, Any]) -> None:
        """Hear an event of the run."""
        kind, data = event.get("kind"), event.get("data") or {}
        if kind == "point":
            self._points += 1
            if self._temperature is not None and len(values := data.get("values", ())) > self._temperature:
                self._show_temperature(values[self._temperature])
        elif kind == "state" and data.get("state") == "running" and "columns" in data:
            self._begin(data)
        elif kind == "state" and data.get("state") == "done":
            self._journal = None
            self._set("rate", "")
        elif kind == "warning" and data.get("contact"):
            self._set("contact", f"contact: {', '.join(data['contact'])}", "warning", str(event.get("message", "")))

    def hear_message(self, text: str, kind: str) -> None:
        """Hear a message of the window; one that is a problem becomes the last error."""
        if kind != "problem" or not text.strip():
            return
        self.whole.setText(text)
        self.error.setText(f"last error {time.strftime('%H:%M:%S')}: {_first_sentence(text)}")
        self.error.setToolTip("Show the whole text with the remedy")
        self.error.setAccessibleName(f"Last error: {text}")
        self.error.show()
        self._show_whole(self.error.isChecked())

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:  # noqa: N802  Qt's name
        """Keep the whole text above this line."""
        super().resizeEvent(event)
        self._show_whole(self.error.isChecked())

    def texts(self) -> dict[str, str]:
        """Return what is shown, by what it is about."""
        return {name: label.text() for name, label in self._labels.items() if label.text()}

    def _begin(self, data: Mapping[str, Any]) -> None:
        self._points, self._journal = 0, Path(str(data.get("journal", "")))
        for meter in self._rates.values():
            meter.begin()
        names = [column["name"] for column in data["columns"]]
        self._temperature = names.index("temperature") if "temperature" in names else None
        self._set("temperature", "")
        self._set("contact", "")
        self._show_temperature(data.get("temperature"))

    def _show_temperature(self, kelvin: object) -> None:
        if isinstance(kelvin, int | float) and kelvin > 0:
            self._set("temperature", f"temperature {format_quantity(kelvin, 'K', 4)}", "dim",
                      "As the run has told it last: measured by a controller, or stated in the bench file")

    def _show_rates(self) -> None:
        found = {name: meter.rate() for name, meter in self._rates.items()}
        points, size = found["points"], found["bytes"]
        words = [] if points is None else [f"{points:.3g} points/s"]
        words += [] if size is None else [format_quantity(size, "B/s", 3)]
        self._set("rate", ", ".join(words), "dim", "Points and bytes that the run stores a second, over the last 10 s")

    def _take_disk(self, found: tuple[int, int | None, float]) -> None:
        free, size, then = found
        if size is not None and self._journal is not None:
            self._rates["bytes"].note(then, size)
        words, little = disk_in_words(free, self._rates["bytes"].rate() if self._journal is not None else None)
        self._set("disk", f"disk {words}", "warning" if little else "dim",
                  f"Free space in {self._folder()}" + (". Delete what is not needed, or choose another folder"
                                                       if little else ""))

    def _take_no_disk(self, why: str) -> None:
        self._set("disk", "disk: unknown", "warning", why)

    def _look_now(self) -> None:
        self.look(time.time(), time.monotonic())

    def _set(self, name: str, words: str, role: str = "dim", tip: str = "") -> None:
        label = self._labels[name]
        label.setText(words)
        label.setToolTip(tip)
        label.setVisible(bool(words))
        restyle(label, "role", role)

    def _show_whole(self, wanted: bool) -> None:
        """Show or hide the whole text, just above this line."""
        if wanted:
            above = self.window()
            assert above is not None  # every widget has one
            self.whole.setParent(above)
            width = min(self.width(), above.width())
            height = self.whole.heightForWidth(width)
            corner = self.mapTo(above, QtCore.QPoint(0, 0))
            self.whole.setGeometry(corner.x(), max(corner.y() - height, 0), width, height)
            self.whole.raise_()
        self.whole.setVisible(wanted)


def _first_sentence(text: str) -> str:
    first = text.strip().splitlines()[0]
    return first.split(". ")[0]


def _size(journal: Path | None) -> int | None:
    """Return the size [bytes] of a journal; None where there is none."""
    try:
        return None if journal is None else journal.stat().st_size
    except OSError:
        return None
