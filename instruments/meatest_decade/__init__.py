"""Meatest decade boxes M632 (resistance) and M525 (capacitance). Their twins are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

_MODULE = "tsbench.instruments.meatest_decade.driver"

DRIVERS = (
    DriverDeclaration(
        name="meatest_m632", kind="decade box", models="Meatest M632", model_pattern=r"M632",
        driver=f"{_MODULE}:MeatestM632"),
    DriverDeclaration(
        name="meatest_m525", kind="decade box", models="Meatest M525", model_pattern=r"M525",
        driver=f"{_MODULE}:MeatestM525"),
)
