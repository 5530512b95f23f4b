"""Rohde & Schwarz RTO and RTB oscilloscopes."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="rohde_schwarz_rto", kind="oscilloscope", models="Rohde & Schwarz RTO1000 and RTO2000",
        model_pattern=r"RTO|RTO[12]0\d4",
        driver="tsbench.instruments.rohde_schwarz_rto.driver:RohdeSchwarzRto",
    ),
    DriverDeclaration(
        name="rohde_schwarz_rtb", kind="oscilloscope", models="Rohde & Schwarz RTB2000", model_pattern=r"RTB200[24]",
        driver="tsbench.instruments.rohde_schwarz_rto.rtb_driver:RohdeSchwarzRtb",
    ),
)
