"""Siglent oscilloscopes of the SDS1000X HD and SDS2000X HD series."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="siglent_sds_hd", kind="oscilloscope", models="Siglent SDS1000X HD and SDS2000X HD",
        model_pattern=r"SDS[12][123][05][24]X ?HD", driver="tsbench.instruments.siglent_sds_hd.driver:SiglentSdsHd",
    ),
)
