"""Siglent SDG2000X function generators. Their virtual instruments are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="siglent_sdg2000x", kind="pulse generator", models="Siglent SDG2000X", model_pattern=r"SDG2\d{3}X",
        driver="tsbench.instruments.siglent_sdg2000x.driver:SiglentSDG2000X",
        terminal="tsbench.instruments.siglent_sdg2000x.output:SdgOutput",
    ),
)
