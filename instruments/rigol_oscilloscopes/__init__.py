"""Rigol DS1000Z, MSO5000 and DS4000 oscilloscopes."""

from tsbench.instruments.driver import DriverDeclaration

_DRIVER = "tsbench.instruments.rigol_oscilloscopes.driver:RigolOscilloscope"

DRIVERS = (
    DriverDeclaration(
        name="rigol_ds1000z", kind="oscilloscope", models="Rigol DS1000Z and MSO1000Z",
        model_pattern=r"[DM]SO?10[579]4Z.*|[DM]SO?1104Z.*", driver=_DRIVER,
    ),
    DriverDeclaration(
        name="rigol_mso5000", kind="oscilloscope", models="Rigol MSO5000", model_pattern=r"MSO5[0-3]\d[24]",
        driver=_DRIVER,
    ),
    DriverDeclaration(
        name="rigol_ds4000", kind="oscilloscope", models="Rigol DS4000 and MSO4000",
        model_pattern=r"(DS|MSO)40[1235][24]E?", driver="tsbench.instruments.rigol_oscilloscopes.ds4000:RigolDs4000",
    ),
)
