"""The screens of the window as tabs: Ctrl+1 shows the first, Ctrl+2 the second, and so on."""

from PyQt5 import QtCore, QtGui, QtWidgets


class Screens(QtWidgets.QTabWidget):
    """Tabs with a key for each; a screen is found again by its name."""

    def add(self, screen: QtWidgets.QWidget, name: str) -> None:
        """Add a screen after the others."""
        number = self.addTab(screen, name)
        key = f"Ctrl+{number + 1}"
        self.setTabToolTip(number, key)
        QtWidgets.QShortcut(QtGui.QKeySequence(key), self, lambda: self.setCurrentIndex(number),
                            context=QtCore.Qt.WindowShortcut)

    def go_to(self, name: str) -> None:
        """Show a screen."""
        for number in range(self.count()):
            if self.tabText(number) == name:
                self.setCurrentIndex(number)
                return
        raise KeyError(name)
