"""Qt applies a style sheet's property selectors only when asked to look again."""

from PyQt5 import QtWidgets


def restyle(widget: QtWidgets.QWidget, name: str, value: object) -> None:
    """Set a property of ``widget`` and have the style sheet look at it again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
