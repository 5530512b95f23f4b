"""The five steps of the guided tour, from which a newcomer measures a device within a minute."""

from collections.abc import Sequence

from PyQt5 import QtWidgets

from tsbench.gui.bench_panel import BenchPanel
from tsbench.gui.first_start import FirstStart
from tsbench.gui.run_panel import RunPanel
from tsbench.gui.run_view import RunView
from tsbench.gui.top_bar import TopBar
from tsbench.gui.tour import Tour, TourStep


def tour_steps(
    first: FirstStart, bar: TopBar, bench: BenchPanel, run: RunPanel, view: RunView,
) -> Sequence[TourStep]:
    """Return the steps through these parts of the window."""
    bench_controls: tuple[QtWidgets.QWidget, ...] = (first.built_in, bar.badge, bench)
    return (
        TourStep(
            "The bench", "A bench file names the instruments and their wiring. No bench file yet? Press 'Try it on the "
            "built-in bench'. The badge SIMULATED BENCH or REAL BENCH says what is connected. The lamps below say "
            "which output is on.", bench_controls),
        TourStep(
            "Device and protocol", "Choose the device, and the protocol that measures it. Below are its entries with "
            "their units. The defaults of the I-V sweep suit the built-in bench.", (run.device, run.protocol)),
        TourStep(
            "Run", "Press Run, or Ctrl+R. If the button is grey, the line below it says why. tsbench compares the plan "
            "with the limits of the device before it switches an output on.", (run.run,), until="running"),
        TourStep(
            "The curve and STOP", "The curve grows while the run measures. STOP ends the run, switches the outputs off "
            "and reads them back. Esc does the same from everywhere, with gloves Ctrl+Space, F12 or Pause.",
            (bar.stop, view.plot), until="done"),
        TourStep(
            "The result", "Each number has its 95 % interval, and a flag where something is doubtful. The line above "
            "the table says where the run file is. The tab Runs shows all runs of the folder.", (view.results,)),
    )


def made_tour(
    window: QtWidgets.QWidget, first: FirstStart, bar: TopBar, bench: BenchPanel, run: RunPanel, view: RunView,
) -> Tour:
    """Return the tour of a window with these parts; the menu View, F1 and the first start begin it."""
    tour = Tour(window, tour_steps(first, bar, bench, run, view))
    bar.view.add_action("&Guided tour", "F1", "Five steps through this window").triggered.connect(tour.start)
    first.tour_wanted.connect(tour.start)
    first.choice_wanted.connect(bar.choose)
    return tour
