"""Esc is STOP while a run goes on, wherever the focus is: in a dialog, a list that is open, a field."""

from collections.abc import Callable

from PyQt5 import QtCore, QtWidgets


class StopKey(QtCore.QObject):
    """Sees every event of the application before anything else does.

    A shortcut would not do: dialogs and open lists take Esc for themselves.

    Parameters
    ----------
    button : QPushButton
        STOP; a click on it counts also where an open list would swallow it.
    running : callable
        Whether there is a run to stop; while there is none, Esc goes to the widget that has the focus.
    stop : callable
    """

    def __init__(self, button: QtWidgets.QPushButton, running: Callable[[], bool], stop: Callable[[], None]) -> None:
        super().__init__(button)
        self._button, self._running, self._stop = button, running, stop
        application = QtWidgets.QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:  # noqa: N802  Qt's name
        """Take Esc, and clicks on STOP past an open list, while a run goes on."""
        if event is None or not isinstance(watched, QtWidgets.QWidget):
            return False
        kind = event.type()
        if kind == QtCore.QEvent.KeyPress and event.key() == QtCore.Qt.Key_Escape and self._running():
            if not event.isAutoRepeat():
                self._stop()
            return True
        if kind == QtCore.QEvent.MouseButtonPress and QtWidgets.QApplication.activePopupWidget() is not None:
            corner = self._button.mapToGlobal(QtCore.QPoint(0, 0))
            place = QtCore.QRect(corner, self._button.size())
            if self._button.isVisible() and place.contains(event.globalPos()):
                popup = QtWidgets.QApplication.activePopupWidget()
                if popup is not None:
                    popup.close()
                self._stop()
                return True
        return False
