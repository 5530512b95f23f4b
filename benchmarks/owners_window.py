"""A window in a process of its own, for ``benchmarks.owners``.

``python -m benchmarks.owners_window BENCH OUT [measure]``

With ``measure`` it begins a long sweep and lives until it is ended. Without, it opens the bench, waits until it
follows somebody's run (or is refused, or has the bench for itself) and prints one JSON object with what it shows.
"""

import json
import sys
from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from benchmarks.owners_runs import SWEEP
from tsbench.gui.main_window import MainWindow

_LOOK_MS = 20
_ENOUGH = 3  #: points


def measure(window: MainWindow, out: str) -> None:
    """Begin a long sweep as soon as the bench has been identified."""
    window.run_panel.out.setText(out)
    window.run_panel.choose("iv_sweep")
    window.run_panel.form.restore_defaults()
    for name, text in SWEEP.items():
        window.run_panel.form.field(name).set_text(text)
    window.checker.answered.connect(lambda *_: QtCore.QTimer.singleShot(0, window.run))


def look(window: MainWindow, application: QtWidgets.QApplication) -> QtCore.QTimer:
    """Print what the window shows once it follows a run, or has the bench."""

    def done() -> bool:
        if window.control.attached():
            return len(window.view.plot.points()[0]) >= _ENOUGH
        return bool(window.run_panel.run.isEnabled())

    def see() -> None:
        if done():
            timer.stop()
            print(json.dumps({
                "problem": [line for line in window.view.log.toPlainText().splitlines() if "is in use by" in line],
                "attached": window.control.attached(), "points": len(window.view.plot.points()[0]),
            }), flush=True)
            window.close()
            application.exit(3 if window.view.log.toPlainText().count("is in use by") else 0)

    timer = QtCore.QTimer(window)
    timer.timeout.connect(see)
    timer.start(_LOOK_MS)
    return timer


def main() -> int:
    """Open the window."""
    bench, out, *what = sys.argv[1:]
    application = QtWidgets.QApplication(["owners"])
    application.setOrganizationName("tsbench-benchmarks")
    application.setApplicationName(f"owners {Path(out).name}")
    window = MainWindow(Path(bench))
    if what == ["measure"]:
        measure(window, out)
    else:
        window.run_panel.out.setText(out)
        look(window, application)
    window.show()
    return int(application.exec_())


if __name__ == "__main__":
    sys.exit(main())
