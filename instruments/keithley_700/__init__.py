"""Keithley 707B and 3706A switching mainframes with matrix cards. Their twins are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration
from tsbench.instruments.keithley_700.crosspoints import CROSSPOINTS_707B, CROSSPOINTS_3706A

_MODULE = "tsbench.instruments.keithley_700.driver"

DRIVERS = (
    DriverDeclaration(
        name="keithley_707b", kind="switch matrix", models="Keithley 707B and 708B", model_pattern=r"MODEL 70[78]B",
        driver=f"{_MODULE}:Keithley707B", crosspoints=CROSSPOINTS_707B),
    DriverDeclaration(
        name="keithley_3706a", kind="switch matrix", models="Keithley 3706A with matrix cards",
        model_pattern=r"MODEL 3706A?(-S|-NFP|-SNFP)?", driver=f"{_MODULE}:Keithley3706A",
        crosspoints=CROSSPOINTS_3706A),
)
