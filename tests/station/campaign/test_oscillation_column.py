"""The column of a plan that says whether a device oscillates is about the source that the protocol uses."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.protocols import protocol_named
from tsbench.station.campaign import oscillations

ZONES = [
    {"device": "D1", "role": "drive", "model": "nbo2", "biases": [], "frequencies": []},
    {"device": "D1", "role": "bias", "model": "nbo2", "biases": [1.5, 2.0], "frequencies": [2.6e6, 3.8e6]},
]


@pytest.mark.parametrize(("protocol", "voltage", "told"), [
    ("oscillation", 1.8, "from 1.50 V to 2.00 V, 2.60 MHz to 3.80 MHz"), ("oscillation", 1.2, "none"),
    ("iv_sweep", 1.8, "none")])
def test_a_protocol_is_told_about_its_own_source(
    protocol: str, voltage: float, told: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a bench with a drive beside the bias, the drive's "none" stood beside an oscillation."""
    monkeypatch.setattr(oscillations, "_simulated", lambda *_: ZONES)
    bench: Any = SimpleNamespace(fixture=SimpleNamespace(source_resistance={}))
    planned: Any = SimpleNamespace(
        item=SimpleNamespace(device="D1", step=SimpleNamespace(
            name="one", bench=Path("b.toml"), protocol=protocol_named(protocol))),
        plan=SimpleNamespace(worst_case=[SimpleNamespace(quantity="voltage", value=voltage)]))
    assert oscillations.predicted_zones(Path("b.toml"), bench, [planned]) == {"one": (told, "nbo2")}
