"""Keithley 2470 source meter."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keithley_2470", kind="source meter", models="Keithley 2470 (SCPI)", model_pattern=r"(MODEL )?2470",
        driver="tsbench.instruments.keithley_2470.driver:Keithley2470",
    ),
)
