"""One Qt application for all window tests, with settings of its own."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.fixtures.patience import PATIENCE

QtCore = pytest.importorskip("PyQt5.QtCore", reason="needs PyQt5 (pip install tsbench[gui])")


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Return the application; its settings go to a temporary folder."""
    from PyQt5 import QtWidgets

    from tsbench.gui.palette import apply_palette

    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
    QtCore.QSettings.setPath(
        QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, str(tmp_path_factory.mktemp("settings"))
    )
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["tsbench-tests"])
    application.setApplicationName("tsbench-tests")
    application.setOrganizationName("tsbench-tests")
    apply_palette(application)
    yield application


@pytest.fixture(scope="session")
def until(application) -> Callable[..., None]:
    """Return a function that lets Qt work until a condition holds; the test fails where it never does."""

    def wait(condition: Callable[[], bool], what: str = "") -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"still waiting after {PATIENCE:g} s {what}"
            application.processEvents(QtCore.QEventLoop.AllEvents, 50)
            time.sleep(0.005)

    return wait
