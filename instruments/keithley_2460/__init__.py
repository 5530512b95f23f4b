"""Keithley 2460 source meter."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keithley_2460", kind="source meter", models="Keithley 2460 (SCPI)", model_pattern=r"(MODEL )?2460",
        driver="tsbench.instruments.keithley_2460.driver:Keithley2460",
    ),
)
