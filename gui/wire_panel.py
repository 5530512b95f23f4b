"""The last messages on the wire, read from the trace file that the measuring process writes."""

from pathlib import Path

from PyQt5 import QtCore, QtWidgets

_LINES = 2000  #: that are kept on show
_LOOK_MS = 300
_LARGEST = 2**16  #: [bytes] read at one look; what came before them is left out of the view, not of the file


class WirePanel(QtWidgets.QWidget):
    """Switches the trace of the next process on, and shows the end of its file.

    The measuring process writes the file; this window only reads its end, a few times a second and only while
    the panel is on show. Without a trace it does nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.file: Path | None = None  #: of the trace that was asked for last
        self._read = 0  #: [bytes] of it
        self._rest = b""  #: an unfinished line
        self._given: Path | None = None
        self.traced = QtWidgets.QCheckBox("Trac&e")
        self.traced.setObjectName("traced")
        self.traced.setToolTip(
            "Write every message between tsbench and the instruments in the next check or run to a file")
        self.follow = QtWidgets.QCheckBox("F&ollow")
        self.follow.setObjectName("follow")
        self.follow.setToolTip("Show new messages as they arrive")
        self.follow.setChecked(True)
        self.where = QtWidgets.QLabel("no trace yet")
        self.where.setProperty("role", "dim")
        self.where.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self.lines = QtWidgets.QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setMaximumBlockCount(_LINES)
        self.lines.setLineWrapMode(QtWidgets.QPlainTextEdit.NoWrap)
        self.lines.setStyleSheet("font-family: monospace; font-size: 9pt")
        self.lines.setTabChangesFocus(True)
        self.switches = QtWidgets.QWidget()  #: stands beside the tab's name
        row = QtWidgets.QHBoxLayout(self.switches)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.where, self.traced, self.follow):
            row.addWidget(widget)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.lines)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self.follow.toggled.connect(self.look)

    def write_to(self, file: Path) -> None:
        """Trace to this file, whatever folder the runs go to; switched on from the start."""
        self._given = file.absolute()
        self.traced.setChecked(True)

    def arguments(self, folder: str) -> list[str]:
        """Return what a ``tsbench`` command needs to write the trace, and follow its file from now on.

        Parameters
        ----------
        folder : that run files go to
        """
        if not self.traced.isChecked():
            self._timer.stop()
            return []
        file = self._given or (Path(folder) / "messages.trace").absolute()
        if file != self.file:
            self.file = file
            self.lines.clear()
            self._read, self._rest = (file.stat().st_size if file.exists() else 0), b""
        self.where.setText(file.name)
        self.where.setToolTip(str(file))
        self._timer.start()
        return ["--trace", str(file)]

    def look(self) -> None:
        """Show what has been written since the last look; a part of it where it is much."""
        if self.file is None or not self.follow.isChecked() or not self.isVisible():
            return
        try:
            with self.file.open("rb") as stream:
                size = stream.seek(0, 2)
                behind = size - self._read > _LARGEST
                if size <= self._read:
                    return
                stream.seek(size - _LARGEST if behind else self._read)
                content = stream.read(_LARGEST)
        except OSError:
            return
        self._read = size
        *lines, self._rest = ((b"" if behind else self._rest) + content).split(b"\n")
        if behind:
            lines = [b"... (left out here; the file has all)", *lines[1:]]
        text = "\n".join(_shown(line.decode("utf-8", "replace")) for line in lines if line and line[:1] != b"#")
        if text:
            bar = self.lines.verticalScrollBar()
            self.lines.appendPlainText(text)
            if bar is not None:
                bar.setValue(bar.maximum())


def _shown(line: str) -> str:
    """Return a line of the trace as the panel shows it: clock, instrument, operation, milliseconds, message, answer."""
    parts = line.split("\t")
    if len(parts) != 6:
        return line
    clock, instrument, operation, duration, message, answer = parts
    try:
        milliseconds = f"{float(duration) * 1e3:9.2f} ms"
    except ValueError:
        return line
    reply = f"   ->  {answer}" if answer else ""
    return f"{clock[11:]}  {instrument:<14} {operation:<5} {milliseconds}  {message}{reply}"
