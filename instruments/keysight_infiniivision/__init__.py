"""Keysight InfiniiVision oscilloscopes: 2000X, 3000A, 3000T, 4000X and 6000X."""

from tsbench.instruments.driver import DriverDeclaration

_DRIVER = "tsbench.instruments.keysight_infiniivision.driver:KeysightInfiniiVision"

DRIVERS = (
    DriverDeclaration(
        name="keysight_dsox3000t", kind="oscilloscope", models="Keysight InfiniiVision DSOX3000T and MSOX3000T",
        model_pattern=r"[DM]SO-?X ?3\d\d\dT", driver=_DRIVER,
    ),
    DriverDeclaration(
        name="keysight_infiniivision", kind="oscilloscope",
        models="Keysight InfiniiVision 2000X, 3000A, 4000X and 6000X", model_pattern=r"[DM]SO-?X ?[2346]\d\d\dA",
        driver=_DRIVER,
    ),
)
