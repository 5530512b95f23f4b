"""Keysight 81160A and 81150A pulse generators. Their virtual instruments are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keysight_81160a", kind="pulse generator", models="Keysight 81160A and 81150A",
        model_pattern=r"811[56]0A", driver="tsbench.instruments.keysight_81160a.driver:Keysight81160A",
        terminal="tsbench.instruments.keysight_81160a.output:PulserOutput",
    ),
)
