"""Keithley 2461 source meter."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keithley_2461", kind="source meter", models="Keithley 2461 (SCPI)", model_pattern=r"(MODEL )?2461",
        driver="tsbench.instruments.keithley_2461.driver:Keithley2461",
    ),
)
