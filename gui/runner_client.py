"""Starts ``tsbench`` as a process of its own and turns its event lines into Qt signals.

The window talks to no instrument: measuring, safety and storage live in the child, which ends safe by itself
when the window dies.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt5 import QtCore

from tsbench.station.runner.messages import read_object

_AT_ONCE = 2**14  #: [bytes] of a child's output that are worked off before the window looks at keys and mouse again
_ENDINGS = {0: "done", 1: "failed", 2: "refused (wrong input)", 3: "refused (not safe)", 130: "stopped"}


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit code (None: it crashed or never started) and that in words."""

    code: int | None
    message: str

    @property
    def good(self) -> bool:
        """Whether it did what it was asked, or was stopped by hand."""
        return self.code in (0, 130)


class Child(QtCore.QObject):
    """One ``tsbench`` process: lines of its standard output and error, and how it ended."""

    output = QtCore.pyqtSignal(str)
    complaint = QtCore.pyqtSignal(str)
    ended = QtCore.pyqtSignal(object)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.program: tuple[str, ...] = (sys.executable, "-m", "tsbench")
        self._process: QtCore.QProcess | None = None
        self._pending = {"output": b"", "complaint": b""}
        self._last_complaint = ""

    def running(self) -> bool:
        """Whether the child is alive."""
        return self._process is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Start ``tsbench arguments``; one child at a time."""
        if self._process is not None:
            raise RuntimeError("a measuring process is already running")
        process = QtCore.QProcess(self)
        environment = QtCore.QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_complaints)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._broken)
        self._pending = {"output": b"", "complaint": b""}
        self._last_complaint = ""
        self._process = process
        process.start(self.program[0], [*self.program[1:], *arguments])

    def say(self, word: str) -> None:
        """Send one line to the child's standard input."""
        if self._process is not None:
            self._process.write(word.encode() + b"\n")

    def kill(self) -> None:
        """End the child at once: what its outputs do then is unknown. The last resort."""
        if self._process is not None:
            self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Block until the child has ended; False if it has not within ``seconds``."""
        process = self._process
        return process is None or bool(process.waitForFinished(int(seconds * 1000)))

    def _read_output(self) -> None:
        if self._process is not None:
            self._process.setReadChannel(QtCore.QProcess.StandardOutput)
            self._take("output", bytes(self._process.read(_AT_ONCE)))
            if self._process is not None and self._process.bytesAvailable():   # keys and drawing come in between
                QtCore.QTimer.singleShot(0, self._read_output)

    def _read_complaints(self) -> None:
        if self._process is not None:
            self._take("complaint", bytes(self._process.readAllStandardError()))

    def _take(self, channel: str, data: bytes, last: bool = False) -> None:
        *lines, rest = (self._pending[channel] + data).split(b"\n")
        if last and rest:
            lines, rest = [*lines, rest], b""
        self._pending[channel] = rest
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            if channel == "output":
                self.output.emit(text)
            elif text.strip():
                self._last_complaint = text.removeprefix("tsbench: ")
                self.complaint.emit(text)

    def _finished(self, code: int, how: QtCore.QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        for channel, data in (
            ("output", process.readAllStandardOutput()),
            ("complaint", process.readAllStandardError()),
        ):
            self._take(channel, bytes(data), last=True)
        self._process = None
        process.deleteLater()
        if how == QtCore.QProcess.CrashExit:
            what = "the measuring process crashed or another program ended it"
            if os.name == "posix":
                what += f" (signal {code})"
            self.ended.emit(Ending(None, what))
            return
        words = _ENDINGS.get(code, f"the measuring process ended with exit code {code}")
        detail = self._last_complaint if code not in (0, 130) else ""
        self.ended.emit(Ending(code, f"{words}: {detail}" if detail else words))

    def _broken(self, error: QtCore.QProcess.ProcessError) -> None:
        if error == QtCore.QProcess.FailedToStart and self._process is not None:
            reason = self._process.errorString()
            self._process = None
            self.ended.emit(Ending(None, f"{self.program[0]} could not be started: {reason}"))


class RunnerClient(Child):
    """The measuring process: ``tsbench measure … --events``."""

    told = QtCore.pyqtSignal(dict)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.output.connect(self._parse)

    def measure(
        self, protocol: str, bench: str, device: str, settings: Mapping[str, Any], out: str, more: Sequence[str] = (),
    ) -> None:
        """Start one run; ``settings`` are SI numbers, lists of them, words or truth values.

        ``more`` are further options of the command.
        """
        arguments = ["measure", protocol, "--bench", bench, "--device", device, "--out", out, "--events", *more]
        for name, value in settings.items():
            arguments += ["--set", f"{name}={setting_text(value)}"]
        self.start(arguments)

    def stop(self) -> None:
        """Ask for a stop: outputs off, what was measured is kept."""
        self.say("stop")

    def pause(self) -> None:
        """Ask for a pause at the next safe place."""
        self.say("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self.say("resume")

    def _parse(self, line: str) -> None:
        if not line.strip():
            return
        event = read_object(line.encode())
        if event is not None:
            self.told.emit(event)
        else:
            self.complaint.emit(line)


class JsonCommand(Child):
    """A command that prints one JSON value: ``tsbench check bench.toml --json``."""

    answered = QtCore.pyqtSignal(object, object)  #: the value (None without one), the Ending

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[str] = []
        self.output.connect(self._lines.append)
        self.ended.connect(self._answer)

    def ask(self, arguments: Sequence[str]) -> None:
        """Start the command."""
        self._lines.clear()
        self.start([*arguments, "--json"])

    def _answer(self, ending: Ending) -> None:
        try:
            value = json.loads("\n".join(self._lines))
        except ValueError:
            value = None
        self.answered.emit(value, ending)


def setting_text(value: Any) -> str:
    """Return a parameter's value as ``--set`` reads it back exactly."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(setting_text(item) for item in value)
    return repr(value) if isinstance(value, float) else str(value)
