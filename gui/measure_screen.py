"""The screen on which one protocol is measured: bench and form on the left, the run on the right."""

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.bench_panel import BenchPanel
from tsbench.gui.first_start import FirstStart
from tsbench.gui.run_panel import RunPanel
from tsbench.gui.run_view import RunView
from tsbench.gui.window_place import keep_splitter


def measure_screen(bench: BenchPanel, form: RunPanel, first: FirstStart, view: RunView) -> QtWidgets.QSplitter:
    """Return the screen; ``first`` stands above the run until a bench is open."""
    splitter = QtWidgets.QSplitter(QtCore.Qt.Horizontal)
    splitter.setHandleWidth(8)
    splitter.setChildrenCollapsible(False)
    left, right = QtWidgets.QWidget(), QtWidgets.QWidget()
    left.setMinimumWidth(390)
    for side, upper, lower in ((left, bench, form), (right, first, view)):
        column = QtWidgets.QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(upper)
        column.addWidget(lower, 1)
        splitter.addWidget(side)
    first.stand_for(view.results)
    splitter.setStretchFactor(1, 1)
    splitter.setSizes([420, 860])
    keep_splitter(splitter, "splitters/measure")
    return splitter
