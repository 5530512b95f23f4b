"""The style sheet of Qt, made from the colours of a theme and a text size."""

import re
from typing import Any

_SHEET = """
* {{ font-size: 11pt; color: {text}; }}
QMainWindow, QDialog, QMessageBox, QFileDialog {{ background: {background}; }}
QWidget#panel {{ background: {panel}; border: 1px solid {border}; border-radius: 6px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: 10pt; font-weight: 600; color: {dim}; letter-spacing: 1px; }}
QLabel[role="dim"] {{ color: {dim}; font-size: 10pt; }}
QLabel[role="lamp"] {{ font-size: 10pt; }}
QLabel[role="problem"] {{ color: {bad}; font-size: 10pt; }}
QLabel[role="warning"] {{ color: {warning}; font-size: 10pt; }}
QLineEdit, QComboBox, QPlainTextEdit, QTableView, QTreeView, QListView {{
  background: {field}; border: 1px solid {border}; border-radius: 4px; padding: 4px 6px;
  selection-background-color: {selection}; selection-color: {text}; }}
QTableView, QTreeView, QListView {{ padding: 0; }}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTableView:focus, QTreeView:focus, QListView:focus {{
  border: 1px solid {accent}; }}
QLineEdit[invalid="true"] {{ border: 2px solid {bad}; padding: 3px 5px; }}
QLineEdit:disabled, QComboBox:disabled {{ color: {dim}; }}
QComboBox QAbstractItemView {{ background: {field}; border: 1px solid {border}; }}
QCheckBox:focus {{ color: {accent}; }}
QPushButton {{ background: {button}; border: 1px solid {border}; border-radius: 5px; padding: 6px 14px; }}
QPushButton:hover {{ background: {button_hover}; }}
QPushButton:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled {{ color: {disabled_text}; background: {button_disabled}; }}
QPushButton:checked {{ background: {button_checked}; border-color: {accent}; }}
QToolButton#bench, QToolButton#menu {{ background: {button}; border: 1px solid {border}; border-radius: 5px;
  padding: 6px 26px 6px 12px; font-weight: 600; }}
QToolButton#menu {{ padding: 6px 20px 6px 10px; font-weight: 400; }}
QToolButton#menu::menu-indicator {{ subcontrol-position: right center; right: 5px; }}
QToolButton#bench:focus, QToolButton#menu:focus {{ border: 1px solid {accent}; }}
QToolButton#bench::menu-button {{ border-left: 1px solid {border}; width: 20px; }}
QLabel#whole_error {{ background: {panel}; border: 1px solid {bad}; border-radius: 6px; padding: 8px 10px; }}
QPushButton#last_error {{ border: 1px solid transparent; padding: 0px 6px; color: {bad}; font-size: 10pt;
  text-align: left; background: transparent; }}
QPushButton#last_error:hover, QPushButton#last_error:focus {{ border: 1px solid {accent}; }}
QPushButton#run {{ background: {run}; color: {run_text}; font-weight: 600; padding: 9px 18px; }}
QPushButton#run:hover {{ background: {run_hover}; }}
QPushButton#run:disabled {{ background: {button_disabled}; color: {disabled_text}; }}
QPushButton#stop {{ background: {stop}; color: white; font-weight: 700; font-size: 13pt; padding: 8px 26px;
  border: 2px solid {stop_border}; border-radius: 6px; }}
QPushButton#stop_large {{ background: {stop}; color: white; font-weight: 700; font-size: 24pt; padding: 8px 18px;
  border: 3px solid {stop_border}; border-radius: 10px; }}
QPushButton#stop:hover, QPushButton#stop_large:hover {{ background: {stop_hover}; }}
QPushButton#stop:focus, QPushButton#stop_large:focus {{ border: 3px solid {text}; }}
QWidget#stop_panel {{ background: {background}; border: 1px solid {border}; }}
QFrame#question {{ background: {panel}; border: 2px solid {warning}; border-radius: 6px; }}
QLabel#badge {{ font-weight: 700; font-size: 12pt; padding: 5px 14px; border-radius: 5px; }}
QLabel#badge[state="simulated"] {{ background: {warning}; color: {simulated_text}; }}
QLabel#badge[state="real"] {{ background: {real}; color: {real_text}; }}
QLabel#badge[state="mixed"] {{ background: {panel}; color: {warning}; border: 2px solid {bad}; }}
QLabel#badge[state="unknown"] {{ background: {button}; color: {dim}; }}
QProgressBar {{ background: {field}; border: 1px solid {border}; border-radius: 4px; text-align: center;
  min-height: 22px; }}
QProgressBar::chunk {{ background: {progress}; border-radius: 3px; }}
QHeaderView::section {{ background: {panel}; border: none; padding: 4px 6px;
  border-bottom: 1px solid {border}; color: {dim}; font-size: 10pt; }}
QTableView {{ gridline-color: {border}; }}
QTableView::item {{ padding: 2px 4px; }}
QTableCornerButton::section {{ background: {panel}; border: none; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {dim}; font-size: 10pt; font-weight: 600; padding: 3px 12px 5px 2px;
  border-bottom: 2px solid transparent; margin-right: 10px; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QSplitter::handle {{ background: {background}; }}
QScrollBar:vertical {{ background: transparent; width: 11px; }}
QScrollBar:horizontal {{ background: transparent; height: 11px; }}
QScrollBar::handle {{ background: {border}; border-radius: 5px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {button}; color: {text}; border: 1px solid {border}; padding: 4px; }}
QMenu {{ background: {panel}; border: 1px solid {border}; }}
QMenu::item:selected {{ background: {selection}; }}
QMenu::item:disabled {{ color: {disabled_text}; }}
"""


def style_sheet(colours: Any, share: float) -> str:
    """Return the style sheet for ``colours`` (a :class:`~tsbench.gui.palette.Colours`), texts ``share`` as large."""
    sheet = _SHEET.format(**{name: getattr(colours, name) for name in colours.__dataclass_fields__})
    return re.sub(r"font-size: (\d+)pt", lambda size: f"font-size: {round(share * int(size[1]))}pt", sheet)
