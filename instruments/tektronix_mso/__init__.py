"""Tektronix oscilloscopes: 4, 5 and 6 Series MSO; MSO5000, DPO5000 and DPO7000."""

from tsbench.instruments.driver import DriverDeclaration

_DRIVER = "tsbench.instruments.tektronix_mso.driver:TektronixMso"

DRIVERS = (
    DriverDeclaration(
        name="tektronix_mso", kind="oscilloscope", models="Tektronix 4, 5 and 6 Series MSO (MSO44, MSO54, MSO64...)",
        model_pattern=r"MSO(4[46]B?|5[468]B?|6[468]B?)", driver=_DRIVER,
    ),
    DriverDeclaration(
        name="tektronix_dpo", kind="oscilloscope",
        models="Tektronix MSO5000, DPO5000 and DPO7000 (MSO5104B, DPO7254C...)",
        model_pattern=r"([MD]PO|MSO)(5\d\d4B?|7\d\d4C?)", driver=_DRIVER,
    ),
)
