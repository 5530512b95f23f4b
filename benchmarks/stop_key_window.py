"""The window and the served bench of ``benchmarks.stop_key``: one run for each case, stopped at its moment."""

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtTest, QtWidgets

from benchmarks.silent_served import EXAMPLES, MODELS, served
from benchmarks.stop_key import LONGEST, moment
from tsbench.gui.main_window import MainWindow
from tsbench.gui.palette import apply_palette
from tsbench.simulated_backends.witness.log import read_sessions
from tsbench.storage import read_run

_PATIENCE = 60.0  #: [s]
_REFUSED = 15.0  #: [s] in which a run begins
WORLD, BENCH = "nbo2.world.toml", "nbo2.bench.toml"
#: entries of the form that make a run last some seconds on the bench
ENTRIES: dict[str, dict[str, str]] = {"pulse_train": {"count": "200"}, "relaxation": {"repeats": "200"},
                                      "paired_pulse": {"repeats": "50"}}


def run_cases(protocol: str, keys: Sequence[str], file: Path) -> None:
    """Run some cases of a protocol; each is added to the file as soon as it is over."""
    folder = Path(tempfile.mkdtemp(prefix="tsbench_stop_key_"))
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
    QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, str(folder / "settings"))
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["stop_key"])
    assert isinstance(application, QtWidgets.QApplication)
    application.setOrganizationName("tsbench-benchmarks")
    application.setApplicationName("stop_key")
    apply_palette(application)
    for name in (WORLD, BENCH):
        shutil.copy(EXAMPLES / name, folder)
    with served(folder / WORLD) as addresses, _window(_bench(folder, addresses)) as window:
        cases = Cases(window, folder)
        for key in keys:
            row = cases.run(protocol, key)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as rows:
                rows.write(json.dumps(row) + "\n")
            print(row, flush=True)
            if row["refused"]:
                break   # each run of it would be
    shutil.rmtree(folder, ignore_errors=True)


def _bench(folder: Path, addresses: dict[str, str]) -> Path:
    """Write the bench file of the served bench."""
    text = (folder / BENCH).read_text("utf-8").replace(f"{WORLD}@tsbench", "@py")
    for line in [line for line in text.splitlines() if line.startswith("resource")]:
        text = text.replace(line, f'resource = "{addresses[MODELS[line.split("::")[2]]]}"')
    path = folder / "served.bench.toml"
    path.write_text('connected = "D1"\n' + text, "utf-8")
    return path


@contextlib.contextmanager
def _window(bench: Path) -> Iterator[MainWindow]:
    window = MainWindow(bench)
    window.run_panel.out.setText(str(bench.parent / "runs"))
    window.resize(1280, 860)
    window.show()
    try:
        until(lambda: not window.checker.running(), _PATIENCE)
        yield window
    finally:
        if window.control.child.running():
            window.control.child.kill()
        until(lambda: not window.control.running(), _PATIENCE)
        window.close()


def until(condition: Callable[[], bool], patience: float) -> bool:
    """Let Qt work until a condition holds; False if it does not within ``patience`` [s]."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.AllEvents, 20)
        time.sleep(0.001)
    return True


class Cases:
    """Runs one case after the other in a window.

    Parameters
    ----------
    window : MainWindow
    folder : Path
        Of the witness of the served bench.
    """

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._witness = folder / WORLD.replace(".world.toml", ".witness.jsonl")
        self._begun, self._points, self._duration = False, 0, 0.0
        self._alarms: list[str] = []
        self._pressed = self._shown = 0.0  #: clock times [s]
        window.control.told.connect(self._hear)
        window.control.overdue.connect(self._alarms.append)
        window.bench_panel.book.changed.connect(self._look)
        self._dialogs: dict[str, Callable[[], QtWidgets.QWidget | None]] = {
            "none": lambda: None, "folder": self._folder, "bench": self._bench, "close": self._close,
            "list": self._list, "menu": self._menu, "tour": self._tour,
        }
        self._ways = {
            "Esc": lambda widget: QtTest.QTest.keyClick(widget, QtCore.Qt.Key_Escape),
            "Ctrl+Space": lambda widget: QtTest.QTest.keyClick(widget, QtCore.Qt.Key_Space, QtCore.Qt.ControlModifier),
            "F12": lambda widget: QtTest.QTest.keyClick(widget, QtCore.Qt.Key_F12),
            "Stop panel": lambda _: QtTest.QTest.mouseClick(self._window.stop_panel.stop, QtCore.Qt.LeftButton),
        }

    def run(self, protocol: str, key: str) -> dict[str, Any]:
        """Run one case and return what became of it."""
        number, window = int(key.split("/")[1]), self._window
        dialog = list(self._dialogs)[number % len(self._dialogs)]
        way = list(self._ways)[(number // len(self._dialogs) + number) % len(self._ways)]
        row: dict[str, Any] = {"key": key, "protocol": protocol, "dialog": dialog, "way": way, "refused": "",
                               "ended": False}
        self._begun, self._points, self._pressed, self._shown = False, 0, 0.0, 0.0
        self._alarms.clear()
        window.run_panel.choose(protocol)
        for name, text in ENTRIES.get(protocol, {}).items():
            window.run_panel.form.field(name).set_text(text)
        until(window.run_panel.run.isEnabled, _PATIENCE)
        window.run()
        until(lambda: self._begun or not window.control.running(), _PATIENCE)
        if not self._begun:
            return {**row, "refused": window.view.problem() or "the run did not begin"}
        length = min(self._duration or LONGEST, LONGEST)
        until(lambda: not window.control.running(), moment(key) * length)
        opened = self._dialogs[dialog]() if window.control.running() else None
        if not window.control.running() or window.control.read_back:
            until(lambda: not window.control.running(), _PATIENCE)
            return {**row, "ended": True}
        self._pressed = time.time()
        self._ways[way](opened or QtWidgets.QApplication.focusWidget() or window)
        until(lambda: not window.control.running(), _PATIENCE)
        until(lambda: not window.checker.running(), _PATIENCE)
        for widget in QtWidgets.QApplication.topLevelWidgets():
            if isinstance(widget, QtWidgets.QDialog):
                widget.close()
        window.tour.finish()
        return {**row, **self._outcome()}

    def _outcome(self) -> dict[str, Any]:
        path = self._window.view.results.path
        run = read_run(path) if path is not None and path.exists() else None
        on, off = self._off()
        return {
            "on": on, "off": off, "shown": self._shown - self._pressed if self._shown else None,
            "alarm": "; ".join(self._alarms), "told": self._points, "stored": -1 if run is None else len(run.points),
            "status": "no run file" if run is None else run.status,
        }

    def _off(self) -> tuple[bool, float | None]:
        """Return whether an output was on at the key or later, and when [s] after it the last one was off."""
        on: set[str] = set()
        last, seen = 0.0, False
        for record in read_sessions(self._witness)[-1].of_kind("output"):
            output = f"{record['instrument']}.{record['channel']}"
            (on.add if record["on"] else on.discard)(output)
            if record["wall"] >= self._pressed:
                seen, last = True, max(last, record["wall"] - self._pressed)
        return seen or bool(on), None if on else last

    def _hear(self, event: dict[str, Any]) -> None:
        data = event.get("data") or {}
        if event.get("kind") == "state" and "columns" in data:
            self._begun, self._duration = True, float(data.get("duration") or 0.0)
        self._points += event.get("kind") == "point"

    def _look(self) -> None:
        facts = self._window.bench_panel.book.facts.values()
        if self._pressed and not self._shown and all(fact.state is False for fact in facts):
            self._shown = time.time()

    # ------------------------------------------------------------------------------------------- dialogs

    def _folder(self) -> QtWidgets.QWidget | None:
        self._window.run_panel.findChild(QtWidgets.QPushButton, "browse").click()
        return self._dialog()

    def _bench(self) -> QtWidgets.QWidget | None:
        self._window.bar.choose()
        return self._dialog()

    def _dialog(self) -> QtWidgets.QWidget | None:
        found = [one for one in QtWidgets.QApplication.topLevelWidgets()
                 if isinstance(one, QtWidgets.QDialog) and one.isVisible()]
        return found[0] if found else None

    def _close(self) -> QtWidgets.QWidget | None:
        self._window.close()   # it asks, for a run goes on
        return self._window.question

    def _list(self) -> QtWidgets.QWidget | None:
        self._window.run_panel.protocol.showPopup()
        return self._window.run_panel.protocol.view()

    def _menu(self) -> QtWidgets.QWidget | None:
        menu = self._window.bar.view.menu()
        assert menu is not None
        menu.popup(self._window.mapToGlobal(self._window.rect().center()))
        return menu

    def _tour(self) -> QtWidgets.QWidget | None:
        self._window.tour.start()
        return self._window.tour.next
