"""Bad values in every field of every protocol: each is refused beside its field, in words, and none reaches a run."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("PyQt5", reason="needs PyQt5 (pip install tsbench[gui])")
pytestmark = pytest.mark.display

#: what nobody can mean by a number: words, two numbers, another unit, no finite number, a typing error
BAD = ("abc", "1 2", "1 K/V", "nan", "inf", "1.2.3 V", "--1", "1e999", "٣ٴ", "1 V; DROP")


@pytest.fixture
def panel(application: Any) -> Iterator[Any]:
    from tsbench.gui.run_panel import RunPanel
    from tsbench.protocols import PROTOCOLS

    made = RunPanel(PROTOCOLS.things())
    made.set_devices(["D1"])
    made.set_hindrance("")
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_each_is_refused_beside_its_field_and_none_can_be_run(panel: Any) -> None:
    from tsbench.gui.quantity_field import QuantityField
    from tsbench.protocols import PROTOCOLS

    started: list[Any] = []
    panel.run_wanted.connect(lambda: started.append(panel.request()))
    tried = 0
    for name in PROTOCOLS.things():
        panel.choose(name)
        panel.form.restore_defaults()
        for parameter, field in panel.form._fields.items():
            if not isinstance(field, QuantityField):
                continue
            before, good = field.text(), panel.run.isEnabled()
            bounds = field._bounds
            beyond = [f"{edge * factor + sign!r}" for edge, factor, sign in (
                (bounds.low, 2.0 if (bounds.low or 0) < 0 else 0.5, -1.0), (bounds.high, 2.0, 1.0))
                if edge is not None]
            missing = [] if field._optional else ["", "   "]
            for text in (*BAD, *beyond, *missing):
                field.set_text(text)
                problem, where = field.problem(), (name, parameter, text)
                assert problem and problem == field._message.text() and not field._message.isHidden(), where
                assert len(problem) > 5 and "Traceback" not in problem and "Error" not in problem, where
                assert not panel.run.isEnabled(), where
                panel.run.click()
                tried += 1
            field.set_text(before)
            assert panel.run.isEnabled() == good, (name, parameter)
    assert tried >= 300 and started == [], tried
