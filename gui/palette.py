"""Colours and style sheet: dark, low glare for a prober room, readable from an arm's length."""

from PyQt5 import QtGui, QtWidgets

BACKGROUND = "#14171a"
PANEL = "#1b2025"
FIELD = "#0f1215"
BORDER = "#323a43"
TEXT = "#d8dde2"
DIM = "#93a0ac"
ACCENT = "#5aa9c9"
GOOD = "#62b77f"
WARNING = "#e0a030"
BAD = "#ef6b62"
STOP = "#c62828"
#: curves, which colour-blind people can tell apart too (after Okabe and Ito, lightened)
CURVES = ("#63b8e8", "#e69f3c", "#4fc3a1", "#d98bb4", "#e8dc5a", "#9aa7b3")

STYLE = f"""
* {{ font-size: 11pt; color: {TEXT}; }}
QMainWindow, QDialog, QMessageBox, QFileDialog {{ background: {BACKGROUND}; }}
QWidget#panel {{ background: {PANEL}; border: 1px solid {BORDER}; border-radius: 6px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: 10pt; font-weight: 600; color: {DIM}; letter-spacing: 1px; }}
QLabel[role="dim"] {{ color: {DIM}; font-size: 10pt; }}
QLabel[role="lamp"] {{ font-size: 10pt; }}
QLabel[role="problem"] {{ color: {BAD}; font-size: 10pt; }}
QLineEdit, QComboBox, QPlainTextEdit, QTableWidget {{
  background: {FIELD}; border: 1px solid {BORDER}; border-radius: 4px; padding: 4px 6px;
  selection-background-color: #2f5f75; }}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTableWidget:focus {{ border: 1px solid {ACCENT}; }}
QLineEdit[invalid="true"] {{ border: 2px solid {BAD}; padding: 3px 5px; }}
QLineEdit:disabled, QComboBox:disabled {{ color: {DIM}; }}
QComboBox QAbstractItemView {{ background: {FIELD}; border: 1px solid {BORDER}; }}
QCheckBox:focus {{ color: {ACCENT}; }}
QPushButton {{ background: #2a323a; border: 1px solid {BORDER}; border-radius: 5px; padding: 6px 14px; }}
QPushButton:hover {{ background: #343e48; }}
QPushButton:focus {{ border: 1px solid {ACCENT}; }}
QPushButton:disabled {{ color: #66717c; background: #20262c; }}
QPushButton:checked {{ background: #25495a; border-color: {ACCENT}; }}
QToolButton#bench {{ background: #2a323a; border: 1px solid {BORDER}; border-radius: 5px;
  padding: 6px 26px 6px 12px; font-weight: 600; }}
QToolButton#bench:focus {{ border: 1px solid {ACCENT}; }}
QToolButton#bench::menu-button {{ border-left: 1px solid {BORDER}; width: 20px; }}
QPushButton#run {{ background: #1f5b73; font-weight: 600; padding: 9px 18px; }}
QPushButton#run:hover {{ background: #28708d; }}
QPushButton#run:disabled {{ background: #20262c; }}
QPushButton#stop {{ background: {STOP}; color: white; font-weight: 700; font-size: 13pt; padding: 8px 26px;
  border: 2px solid #ff8a80; border-radius: 6px; }}
QPushButton#stop:hover {{ background: #e53935; }}
QFrame#question {{ background: {PANEL}; border: 2px solid {WARNING}; border-radius: 6px; }}
QLabel#badge {{ font-weight: 700; font-size: 12pt; padding: 5px 14px; border-radius: 5px; }}
QLabel#badge[state="simulated"] {{ background: {WARNING}; color: #1a1200; }}
QLabel#badge[state="real"] {{ background: #1d4d33; color: #c9f2d8; }}
QLabel#badge[state="mixed"] {{ background: {PANEL}; color: {WARNING}; border: 2px solid {BAD}; }}
QLabel#badge[state="unknown"] {{ background: #2a323a; color: {DIM}; }}
QProgressBar {{ background: {FIELD}; border: 1px solid {BORDER}; border-radius: 4px; text-align: center;
  min-height: 22px; }}
QProgressBar::chunk {{ background: #2d6d88; border-radius: 3px; }}
QHeaderView::section {{ background: {PANEL}; border: none; padding: 4px 6px;
  border-bottom: 1px solid {BORDER}; color: {DIM}; font-size: 10pt; }}
QTableWidget {{ gridline-color: #242b32; }}
QTableWidget::item {{ padding: 2px 4px; }}
QTableCornerButton::section {{ background: {PANEL}; border: none; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {DIM}; font-size: 10pt; font-weight: 600; padding: 3px 12px 5px 2px;
  border-bottom: 2px solid transparent; margin-right: 10px; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom: 2px solid {ACCENT}; }}
QSplitter::handle {{ background: {BACKGROUND}; }}
QScrollBar:vertical {{ background: transparent; width: 11px; }}
QScrollBar:horizontal {{ background: transparent; height: 11px; }}
QScrollBar::handle {{ background: #3a444e; border-radius: 5px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: #2a323a; color: {TEXT}; border: 1px solid {BORDER}; padding: 4px; }}
QMenu {{ background: {PANEL}; border: 1px solid {BORDER}; }}
QMenu::item:selected {{ background: #2f5f75; }}
"""


def apply_palette(application: QtWidgets.QApplication) -> None:
    """Give the whole application these colours, also where the style sheet does not reach (dialogs)."""
    application.setStyle("Fusion")
    palette = QtGui.QPalette()
    for role, colour in (
        (QtGui.QPalette.Window, BACKGROUND),
        (QtGui.QPalette.WindowText, TEXT),
        (QtGui.QPalette.Base, FIELD),
        (QtGui.QPalette.AlternateBase, PANEL),
        (QtGui.QPalette.Text, TEXT),
        (QtGui.QPalette.Button, PANEL),
        (QtGui.QPalette.ButtonText, TEXT),
        (QtGui.QPalette.Highlight, "#2f5f75"),
        (QtGui.QPalette.HighlightedText, TEXT),
        (QtGui.QPalette.ToolTipBase, PANEL),
        (QtGui.QPalette.ToolTipText, TEXT),
        (QtGui.QPalette.PlaceholderText, DIM),
    ):
        palette.setColor(role, QtGui.QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(STYLE)
