"""Keithley 2600B source meters."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="keithley_2600", kind="source meter", models="Keithley 2601B, 2602B, 2612B, 2636B (TSP)",
        model_pattern=r"(MODEL )?26(01B|02B|12B|36B)", driver="tsbench.instruments.keithley_2600.driver:Keithley2600",
        terminal="tsbench.instruments.keithley_2600.unit:SmuUnit", channels=("a", "b"),
    ),
)
