"""Colours, text size and style sheet: dark for a prober room, light for a bright one, readable from an arm's length."""

from dataclasses import dataclass

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.recoloured import Recoloured
from tsbench.gui.style import style_sheet

#: text sizes to choose from, as shares of the usual one
SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, each as Qt writes it ("#rrggbb"). Texts stand out at least 4.5 to 1."""

    background: str  #: behind the panels
    panel: str
    field: str  #: behind entries, tables and plots
    border: str
    text: str
    dim: str  #: text that matters less
    accent: str  #: what has the focus
    good: str
    warning: str
    bad: str
    button: str
    button_hover: str
    button_checked: str
    button_disabled: str
    disabled_text: str
    run: str
    run_hover: str
    run_text: str
    selection: str
    progress: str
    stop: str
    stop_hover: str
    stop_border: str
    simulated_text: str  #: on ``warning``
    real: str
    real_text: str
    band: str  #: of an interval, "#aarrggbb"
    curves: tuple[str, ...]  #: which colour-blind people can tell apart too (after Okabe and Ito)


DARK = Colours(
    background="#14171a", panel="#1b2025", field="#0f1215", border="#3c4650", text="#d8dde2", dim="#93a0ac",
    accent="#5aa9c9", good="#62b77f", warning="#e0a030", bad="#f2776e", button="#2a323a", button_hover="#343e48",
    button_checked="#25495a", button_disabled="#20262c", disabled_text="#66717c", run="#1f5b73",
    run_hover="#28708d", run_text="#ffffff", selection="#2f5f75", progress="#1f5468", stop="#c62828",
    stop_hover="#d32f2f", stop_border="#ff8a80", simulated_text="#1a1200", real="#1d4d33", real_text="#c9f2d8",
    band="#3cffbe5a", curves=("#63b8e8", "#e69f3c", "#4fc3a1", "#d98bb4", "#e8dc5a", "#9aa7b3"),
)
LIGHT = Colours(
    background="#e9ecef", panel="#f7f8f9", field="#ffffff", border="#b3bcc5", text="#1b2126", dim="#505c67",
    accent="#116a91", good="#1c6b3a", warning="#855300", bad="#b3261e", button="#e3e7eb", button_hover="#d5dbe1",
    button_checked="#bfdceb", button_disabled="#eceff1", disabled_text="#8a949d", run="#1a6a8a",
    run_hover="#145a76", run_text="#ffffff", selection="#b5d8ea", progress="#a5d0e5", stop="#c62828",
    stop_hover="#b71c1c", stop_border="#7f1313", simulated_text="#ffffff", real="#1d5c3a", real_text="#ffffff",
    band="#5ae69f00", curves=("#0072b2", "#b35900", "#007a5a", "#a6467f", "#7a6c00", "#56616b"),
)
THEMES = {"dark": DARK, "light": LIGHT}


def theme() -> str:
    """Return the name of the theme that the application shows; "dark" before one was chosen."""
    application = QtWidgets.QApplication.instance()
    name = application.property("theme") if application is not None else None
    return str(name) if name in THEMES else "dark"


def colours() -> Colours:
    """Return the colours that the application shows."""
    return THEMES[theme()]


def scale() -> float:
    """Return the text size as a share of the usual one."""
    application = QtWidgets.QApplication.instance()
    share = application.property("text_scale") if application is not None else None
    return float(share) if share else 1.0


def stored_look() -> tuple[str, float]:
    """Return theme and text size that the user chose last."""
    settings = QtCore.QSettings()
    name = str(settings.value("theme", "dark"))
    try:
        share = float(str(settings.value("text_scale", 1.0)))
    except ValueError:
        share = 1.0
    return (name if name in THEMES else "dark"), min(max(share, SCALES[0]), SCALES[-1])


def apply_palette(application: QtWidgets.QApplication, name: str = "dark", share: float = 1.0) -> None:
    """Give the whole application a theme and a text size, also what is open already.

    Parameters
    ----------
    application : QApplication
    name : str
        "dark" or "light".
    share : float
        Text size as a share of the usual one.
    """
    application.setProperty("theme", name)
    application.setProperty("text_scale", share)
    application.setStyle("Fusion")
    chosen = THEMES[name]
    palette = QtGui.QPalette()
    for role, colour in (
        (QtGui.QPalette.Window, chosen.background),
        (QtGui.QPalette.WindowText, chosen.text),
        (QtGui.QPalette.Base, chosen.field),
        (QtGui.QPalette.AlternateBase, chosen.panel),
        (QtGui.QPalette.Text, chosen.text),
        (QtGui.QPalette.Button, chosen.button),
        (QtGui.QPalette.ButtonText, chosen.text),
        (QtGui.QPalette.Highlight, chosen.selection),
        (QtGui.QPalette.HighlightedText, chosen.text),
        (QtGui.QPalette.ToolTipBase, chosen.panel),
        (QtGui.QPalette.ToolTipText, chosen.text),
        (QtGui.QPalette.PlaceholderText, chosen.dim),
    ):
        palette.setColor(role, QtGui.QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(style_sheet(chosen, share))
    for widget in application.allWidgets():
        if isinstance(widget, Recoloured):
            widget.recolour()


def contrast(one: str, other: str) -> float:
    """Return the ratio of contrast of two colours, from 1 to 21.

    The formula is that of WCAG 2.1, "contrast ratio" and "relative luminance".
    """
    lighter, darker = sorted((_luminance(QtGui.QColor(one)), _luminance(QtGui.QColor(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QtGui.QColor) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
             for part in (colour.redF(), colour.greenF(), colour.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
