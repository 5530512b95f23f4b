"""Remembers where a window stands, how large it is and how its splitters are set, from one start to the next."""

from PyQt5 import QtCore, QtWidgets

_SIZE = (1280, 860)  #: [pixels] of the window at its first start


def comfortable_size() -> QtCore.QSize:
    """Return the size to open the window with: comfortable, and never larger than the screen."""
    screen = QtWidgets.QApplication.primaryScreen()
    if screen is None:
        return QtCore.QSize(*_SIZE)
    room = screen.availableGeometry()
    return QtCore.QSize(min(_SIZE[0], room.width() - 20), min(_SIZE[1], room.height() - 60))


def keep_place(window: QtWidgets.QWidget, key: str) -> None:
    """Remember size, place and screen of a window under a key of the settings."""
    QtCore.QSettings().setValue(key, window.saveGeometry())


def restore_place(window: QtWidgets.QWidget, key: str) -> bool:
    """Give a window the place that was remembered; False where there is none, or it is on no screen any more."""
    kept = QtCore.QSettings().value(key)
    if not isinstance(kept, QtCore.QByteArray) or not window.restoreGeometry(kept):
        return False
    frame = window.frameGeometry()
    return any(screen.availableGeometry().intersects(frame) for screen in QtWidgets.QApplication.screens())


def keep_splitter(splitter: QtWidgets.QSplitter, key: str) -> None:
    """Give a splitter the sizes that were remembered under a key, and remember each change."""
    kept = QtCore.QSettings().value(key)
    if isinstance(kept, QtCore.QByteArray):
        splitter.restoreState(kept)
    splitter.splitterMoved.connect(lambda *_: QtCore.QSettings().setValue(key, splitter.saveState()))
