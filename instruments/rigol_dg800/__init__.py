"""Rigol DG800 and DG900 function generators. Their virtual instruments are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="rigol_dg800", kind="pulse generator", models="Rigol DG800 and DG900", model_pattern=r"DG[89]\d\d",
        driver="tsbench.instruments.rigol_dg800.driver:RigolDG800",
        terminal="tsbench.instruments.rigol_dg800.output:DgOutput",
    ),
)
