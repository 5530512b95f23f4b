"""Keysight InfiniiVision 3000T oscilloscopes."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keysight_dsox3000t", kind="oscilloscope", models="Keysight InfiniiVision DSOX3000T and MSOX3000T",
        model_pattern=r"[DM]SO-?X ?3\d\d\dT",
        driver="tsbench.instruments.keysight_dsox3000t.driver:KeysightDSOX3000T",
    ),
)
