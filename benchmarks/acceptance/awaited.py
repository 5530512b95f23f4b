"""Other authors' drivers whose virtual instruments are not there yet, or are new: each has one case so far.

The table shows "no twin yet" for them. When a virtual instrument with one of the names is registered, the row runs.
"""

import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, pymeasure_opening


def _class(module: str, name: str) -> Callable[[], Any]:
    return lambda: getattr(importlib.import_module(module), name)


def _pymeasure(module: str, name: str, twins: tuple[str, ...], partner: str | None = None) -> Driver:
    return Driver("pymeasure", name, twins, pymeasure_opening(_class(f"pymeasure.instruments.{module}", name)), partner)


GENERATOR = "keysight_33622a"
DRIVERS = (
    _pymeasure("lecroy", "LeCroyT3DSO1204", ("lecroy_t3dso1204", "teledyne_t3dso1204"), GENERATOR),
    _pymeasure("siglenttechnologies", "SDS1000XHD", ("siglent_sds1104xhd", "siglent_sds1000xhd"), GENERATOR),
)


def identifies_itself(driver: Any, bench: OpenBench) -> None:
    """The driver reads the identity of the virtual instrument."""
    found = str(driver.id if hasattr(driver, "id") else driver.get_idn())
    assert "SIM" in found, found


for _driver in DRIVERS:
    _driver.case(identifies_itself)
