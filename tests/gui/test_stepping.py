"""Arrow keys in an entry: one digit up or down, and never from a good value to one that is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

QtCore = pytest.importorskip("PyQt5.QtCore", reason="needs PyQt5 (pip install tsbench[gui])")


@pytest.mark.parametrize(("text", "cursor", "steps", "then"), [
    ("1.20 mV", 0, 1, "1.21 mV"), ("1.20 mV", 7, -1, "1.19 mV"), ("1.20 mV", 3, 1, "1.30 mV"),
    ("1.20 mV", 1, 1, "2.20 mV"), ("1.20 mV", 2, 1, "2.20 mV"), ("9 V", 1, 1, "10 V"), ("10 V", 2, -1, "9 V"),
    ("10 V", 1, 1, "20 V"), ("100n", 0, 10, "110n"), ("-0.1 V", 6, 1, "0.0 V"), ("-0.1", 4, -1, "-0.2"),
    ("0.1 V", 0, -1, "0.0 V"), ("0.0 V", 5, -1, "-0.1 V"), ("1, 2.5", 6, 1, "1, 2.6"), ("1, 2.5", 1, 1, "2, 2.5"),
    (".5 V", 2, 1, "0.6 V"), ("1. V", 2, 1, "2 V"), ("1e-3", 1, 1, "2e-3"), ("V", 0, 1, "V"), ("", 0, 1, ""),
    ("1,, 2", 2, 1, "1,, 2"), ("\N{MINUS SIGN}5 V", 2, 1, "-4 V"),
])
def test_one_digit_changes(text: str, cursor: int, steps: int, then: str) -> None:
    from tsbench.gui.stepping import stepped

    assert stepped(text, cursor, steps)[0] == then


@given(st.decimals(-1000, 1000, places=3), st.integers(0, 12), st.sampled_from([1, -1, 10, -10]))
def test_a_step_and_back_is_nothing(number: Decimal, cursor: int, steps: int) -> None:
    from tsbench.gui.stepping import stepped

    text = f"{number} mV"
    there, place = stepped(text, min(cursor, len(text)), steps)
    back, _ = stepped(there, place, -steps)
    assert there.endswith(" mV") and Decimal(back.split()[0]) == number
    assert 0 <= place <= len(there)


def test_arrow_keys_step_within_the_bounds(application: Any) -> None:
    from PyQt5 import QtTest

    from tsbench.gui.quantity_field import Bounds, QuantityField

    field = QuantityField("stop", "V", bounds=Bounds(0.0, 2.0))
    field.show()
    application.setActiveWindow(field)
    field._entry.setFocus()
    field.set_text("1.9 V")
    for key, then in ((QtCore.Qt.Key_Up, "2.0 V"), (QtCore.Qt.Key_Up, "2.0 V"), (QtCore.Qt.Key_PageDown, "1.0 V"),
                      (QtCore.Qt.Key_PageDown, "0.0 V"), (QtCore.Qt.Key_Down, "0.0 V")):
        QtTest.QTest.keyClick(field._entry, key)
        assert field.text() == then and field.problem() == ""
    field.set_text("5 V")   # refused already: the keys lead back
    QtTest.QTest.keyClick(field._entry, QtCore.Qt.Key_Down)
    assert field.text() == "4 V"
    field.set_text("nothing")
    QtTest.QTest.keyClick(field._entry, QtCore.Qt.Key_Up)
    assert field.text() == "nothing"
    field.close()
    field.deleteLater()
