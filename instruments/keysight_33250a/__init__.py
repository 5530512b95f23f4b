"""Keysight (Agilent) 33250A function generator. Its virtual instrument is in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keysight_33250a", kind="pulse generator", models="Keysight 33250A", model_pattern="33250A",
        driver="tsbench.instruments.keysight_33250a.driver:Keysight33250A",
        terminal="tsbench.instruments.keysight_33250a.output:OutputOf33250A",
    ),
)
