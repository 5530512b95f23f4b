"""PyMeasure's classes of oscilloscopes with a device suite of their own: here they only have to find the instrument.

The suites (:mod:`benchmarks.acceptance.suites`) run in process. These rows add the other transports.
"""

from typing import Any

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, pymeasure_opening

GENERATOR = "keysight_33622a"


def _t3dso() -> Any:
    from pymeasure.instruments.lecroy import LeCroyT3DSO1204

    return LeCroyT3DSO1204


def _sds() -> Any:
    from pymeasure.instruments.siglenttechnologies import SDS1000XHD

    return SDS1000XHD


DRIVERS = (
    Driver("pymeasure", "LeCroyT3DSO1204", ("lecroy_t3dso1204",), pymeasure_opening(_t3dso), GENERATOR),
    Driver("pymeasure", "SDS1000XHD", ("siglent_sds1104xhd",), pymeasure_opening(_sds), GENERATOR),
)


def identifies_itself(driver: Any, bench: OpenBench) -> None:
    """The driver reads the identity of the virtual instrument."""
    found = str(driver.id)
    assert "SIM" in found, found


for _driver in DRIVERS:
    _driver.case(identifies_itself)
