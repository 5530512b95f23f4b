"""Rohde & Schwarz RTO oscilloscopes."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="rohde_schwarz_rto", kind="oscilloscope", models="Rohde & Schwarz RTO1000 and RTO2000",
        model_pattern=r"RTO|RTO[12]0\d4",
        driver="tsbench.instruments.rohde_schwarz_rto.driver:RohdeSchwarzRto",
    ),
)
