"""A question in the window itself, so that nothing else of it is blocked while it waits for an answer."""

from PyQt5 import QtCore, QtWidgets


class QuestionBar(QtWidgets.QFrame):
    """Asks before the window closes on a run of its own."""

    stop_and_close = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question")
        words = QtWidgets.QLabel("A run is in progress. Do you want to stop the run, switch the outputs off and "
                                 "close the window?")
        words.setWordWrap(True)
        self.yes = QtWidgets.QPushButton("Stop and c&lose")
        self.no = QtWidgets.QPushButton("&Keep measuring")
        self.yes.clicked.connect(self.stop_and_close)
        self.yes.clicked.connect(self.hide)
        self.no.clicked.connect(self.hide)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(words, 1)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        self.hide()

    def ask(self) -> None:
        """Show the question; the harmless answer has the focus."""
        self.show()
        self.no.setFocus()
