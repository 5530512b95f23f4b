"""Keithley 2450 source meter."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keithley_2450", kind="source meter", models="Keithley 2450 (SCPI)", model_pattern=r"(MODEL )?2450",
        driver="tsbench.instruments.keithley_2450.driver:Keithley2450",
    ),
)
