"""Keithley 4200A-SCS behind KXCI."""

from tsbench.instruments.driver import DriverDeclaration, TerminalDeclaration
from tsbench.instruments.links.link_settings import LinkSettings

_FOLDER = "tsbench.instruments.keithley_4200"

DRIVERS = (
    DriverDeclaration(
        name="keithley_4200", kind="source meter", models="Keithley 4200A-SCS (4200-SMU, 4210-SMU, 4225-PMU)",
        model_pattern=r"KI4200A?", driver=f"{_FOLDER}.driver:Keithley4200",
        terminals=(
            TerminalDeclaration(
                channels=tuple(f"smu{number}" for number in range(1, 9)), kinds=("source meter",),
                terminal=f"{_FOLDER}.source_channel:UnitSourceMeter"),
            TerminalDeclaration(
                channels=("pmu1", "pmu2"), kinds=("pulse measure unit",),
                terminal=f"{_FOLDER}.pulse_channel:PulseTerminal"),
        ),
        link=LinkSettings(write_termination="\0", socket_termination="\0"),
    ),
)
