"""The keys that stop, wherever the focus is: Esc, and keys that a gloved hand hits."""

from collections.abc import Callable

from PyQt5 import QtCore, QtGui, QtWidgets

#: they stop a run, and without a run they switch the outputs off
_ALWAYS = {QtCore.Qt.Key_F12, QtCore.Qt.Key_Pause}


class StopKey(QtCore.QObject):
    """Sees every event of the application before anything else does.

    A shortcut would not do: dialogs and open lists take Esc for themselves. While a run goes on, Esc and Ctrl+Space
    stop it, and close the dialog or the list that they were pressed in. F12 and Pause do so too, and without a run they
    switch the outputs off.

    Parameters
    ----------
    button, *more : QPushButton
        Each of them is STOP; a click on it counts also where an open list would swallow it.
    running : callable
        Whether there is a run to stop; while there is none, Esc and Ctrl+Space go to the widget that has the focus.
    stop : callable
    """

    def __init__(
        self, button: QtWidgets.QPushButton, running: Callable[[], bool], stop: Callable[[], None],
        *more: QtWidgets.QPushButton,
    ) -> None:
        super().__init__(button)
        self._buttons, self._running, self._stop = (button, *more), running, stop
        application = QtWidgets.QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:  # noqa: N802  Qt's name
        """Take the keys that stop, and clicks on STOP past an open list."""
        if event is None or not isinstance(watched, QtWidgets.QWidget):
            return False
        kind = event.type()
        if kind == QtCore.QEvent.ShortcutOverride and isinstance(event, QtGui.QKeyEvent) and self._stops(event):
            event.accept()   # no shortcut of the window gets the key; it comes as a press next
            return True
        if kind == QtCore.QEvent.KeyPress and isinstance(event, QtGui.QKeyEvent) and self._stops(event):
            if not event.isAutoRepeat():
                self._stop()
                _close_what_is_open(watched)
            return True
        if kind == QtCore.QEvent.MouseButtonPress and QtWidgets.QApplication.activePopupWidget() is not None:
            return self._clicked(event)
        return False

    def _stops(self, event: QtGui.QKeyEvent) -> bool:
        """Whether a key stops now."""
        key, modifiers = event.key(), event.modifiers()
        space = key == QtCore.Qt.Key_Space and bool(modifiers & QtCore.Qt.ControlModifier)
        return key in _ALWAYS or (self._running() and (key == QtCore.Qt.Key_Escape or space))

    def _clicked(self, event: QtCore.QEvent) -> bool:
        """Stop where a click on STOP closes an open list."""
        popup = QtWidgets.QApplication.activePopupWidget()
        if popup is None or not isinstance(event, QtGui.QMouseEvent):
            return False
        for button in self._buttons:
            place = QtCore.QRect(button.mapToGlobal(QtCore.QPoint(0, 0)), button.size())
            if button.isVisible() and place.contains(event.globalPos()):
                popup.close()
                self._stop()
                return True
        return False


def _close_what_is_open(watched: QtWidgets.QWidget) -> None:
    """Close the list, the menu or the dialog in which a key was pressed; the main window stays."""
    while (popup := QtWidgets.QApplication.activePopupWidget()) is not None:
        if not popup.close():
            break
    window = watched.window()
    if isinstance(window, QtWidgets.QDialog):
        window.reject()
