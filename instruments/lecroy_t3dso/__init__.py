"""Teledyne LeCroy T3DSO1000 and T3DSO2000, and their Siglent sisters of the SDS1000X-E series."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="lecroy_t3dso", kind="oscilloscope",
        models="Teledyne LeCroy T3DSO1000 and T3DSO2000, Siglent SDS1000X-E",
        model_pattern=r"T3DSO[12][123]0[24]|SDS1[12]0[24]X-E",
        driver="tsbench.instruments.lecroy_t3dso.driver:LeCroyT3DSO",
    ),
)
