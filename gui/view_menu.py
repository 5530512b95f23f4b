"""Dark or light, and the text size: what a user chooses stays for the next window."""

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.palette import SCALES, apply_palette, scale, theme

_NAMES = {"dark": "&Dark", "light": "&Light"}


class ViewMenu(QtWidgets.QToolButton):
    """A button whose menu holds theme and text size."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("menu")
        self.setText("V&iew")
        self.setToolTip("Dark or light, the size of the text, the Stop panel and the guided tour")
        self.setPopupMode(QtWidgets.QToolButton.InstantPopup)
        menu = QtWidgets.QMenu(self)
        self.themes = QtWidgets.QActionGroup(self)
        for name, words in _NAMES.items():
            action = QtWidgets.QAction(words, self)
            action.setCheckable(True)
            action.setChecked(theme() == name)
            action.triggered.connect(lambda _=False, name=name: _look(name, scale()))
            self.themes.addAction(action)
            menu.addAction(action)
        menu.addSeparator()
        for words, keys, step in (("L&arger text", ("Ctrl++", "Ctrl+="), 1), ("&Smaller text", ("Ctrl+-",), -1),
                                  ("&Usual text size", ("Ctrl+0",), 0)):
            action = QtWidgets.QAction(words, self)
            action.setShortcuts([QtGui.QKeySequence(key) for key in keys])
            action.triggered.connect(lambda _=False, step=step: _look(theme(), _next_scale(step)))
            self.addAction(action)  # so that its keys work while the menu is closed
            menu.addAction(action)
        menu.addSeparator()
        menu.setToolTipsVisible(True)
        self.setMenu(menu)

    def add_action(self, words: str, keys: str, tip: str, checkable: bool = False) -> QtWidgets.QAction:
        """Add an action with a key of its own to the end of the menu, and return it."""
        action = QtWidgets.QAction(words, self)
        action.setCheckable(checkable)
        action.setToolTip(tip)
        if keys:
            action.setShortcut(QtGui.QKeySequence(keys))
        self.addAction(action)  # so that its key works while the menu is closed
        menu = self.menu()
        assert menu is not None
        menu.addAction(action)
        return action


def _next_scale(step: int) -> float:
    """Return the text size after one step up (1) or down (-1); 0: the usual one."""
    if step == 0:
        return 1.0
    nearest = min(range(len(SCALES)), key=lambda place: abs(SCALES[place] - scale()))
    return SCALES[min(max(nearest + step, 0), len(SCALES) - 1)]


def _look(name: str, share: float) -> None:
    """Show a theme and a text size, and remember them."""
    application = QtWidgets.QApplication.instance()
    assert isinstance(application, QtWidgets.QApplication)
    apply_palette(application, name, share)
    settings = QtCore.QSettings()
    settings.setValue("theme", name)
    settings.setValue("text_scale", share)
