"""Tektronix AFG3000C and AFG31000 function generators. Their virtual instruments are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="tektronix_afg", kind="pulse generator", models="Tektronix AFG3000C and AFG31000",
        model_pattern=r"AFG3\d{3,4}C?", driver="tsbench.instruments.tektronix_afg.driver:TektronixAFG",
        terminal="tsbench.instruments.tektronix_afg.output:AfgOutput",
    ),
)
