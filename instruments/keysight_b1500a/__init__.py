"""Keysight B1500A parameter analyser."""

from tsbench.instruments.driver import DriverDeclaration, TerminalDeclaration

_FOLDER = "tsbench.instruments.keysight_b1500a"

DRIVERS = (
    DriverDeclaration(
        name="keysight_b1500a", kind="source meter", models="Keysight B1500A (B1510A, B1511A/B, B1517A, B1530A)",
        model_pattern=r"B1500A", driver=f"{_FOLDER}.driver:KeysightB1500A",
        terminals=(
            TerminalDeclaration(
                channels=tuple(str(slot) for slot in range(1, 11)), kinds=("source meter",),
                terminal=f"{_FOLDER}.source_channel:SlotSourceMeter"),
            TerminalDeclaration(
                channels=tuple(f"{slot}0{channel}" for slot in range(1, 11) for channel in (1, 2)),
                kinds=("pulse measure unit",), terminal=f"{_FOLDER}.waveform_channel:WaveformTerminal"),
        ),
    ),
)
