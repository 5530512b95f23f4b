"""Keysight Infiniium S-Series and 9000 Series oscilloscopes."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keysight_infiniium", kind="oscilloscope", models="Keysight Infiniium S-Series and 9000 Series",
        model_pattern=r"[DM]SOS\d04A|[DM]SO9\d\d4A",
        driver="tsbench.instruments.keysight_infiniium.driver:KeysightInfiniium",
    ),
)
