"""Opens the window: the Qt application, its style, and errors before it exists."""

import os
import signal
import sys
from pathlib import Path

from tsbench.errors import ConfigurationError


def open_window(bench: Path | None = None, trace: Path | None = None, log: Path | None = None) -> int:
    """Show the window until it is closed; returns the exit code.

    Parameters
    ----------
    bench : Path, optional
        The bench file to open.
    trace : Path, optional
        The file to which its measuring processes write every message on the wire.
    log : Path, optional
        The file to which they write what they do.

    Raises
    ------
    ConfigurationError
        Qt is not installed, or there is no display to show a window on.
    """
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise ConfigurationError(
            "there is no display (DISPLAY is not set). Measure with 'tsbench measure' instead"
        )
    try:
        from PyQt5 import QtCore, QtWidgets, sip  # noqa: PLC0415  optional: pip install tsbench[gui]

        from tsbench.gui.main_window import MainWindow  # noqa: PLC0415
        from tsbench.gui.palette import apply_palette, stored_look  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            f"the window needs PyQt5 and pyqtgraph ({error}). Install them with pip install 'tsbench[gui]'"
        ) from None
    QtWidgets.QApplication.setAttribute(QtCore.Qt.AA_EnableHighDpiScaling)
    QtWidgets.QApplication.setAttribute(QtCore.Qt.AA_UseHighDpiPixmaps)
    QtWidgets.QApplication.setHighDpiScaleFactorRoundingPolicy(
        QtCore.Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["tsbench"])
    application.setApplicationName("tsbench")
    application.setOrganizationName("tsbench")
    apply_palette(application, *stored_look())
    window = MainWindow(bench, trace, log)
    window.show()
    window.tour.offer()
    signal.signal(signal.SIGINT, lambda *_: window.close())  # Ctrl-C: as closing the window
    wake = QtCore.QTimer()
    wake.timeout.connect(lambda: None)  # lets Python see signals while Qt waits for events
    wake.start(200)
    code = int(application.exec_())
    sip.delete(window)  # while Qt lives: the order in which Python lets go of both at its end crashes now and then
    return code
