"""Keysight 33500B and 33600A waveform generators.

The folder of their virtual instruments is ``simulated_backends/virtual_instruments/keysight_33600``.
"""

from tsbench.instruments.driver import DriverDeclaration

_DRIVER = "tsbench.instruments.keysight_33500.driver:Keysight33500"
_OUTPUT = "tsbench.instruments.keysight_33500.output:GeneratorChannel"

DRIVERS = (
    DriverDeclaration(
        name="keysight_33500", kind="pulse generator", models="Keysight 33500B series", model_pattern=r"335\d\dB",
        driver=_DRIVER, terminal=_OUTPUT,
    ),
    DriverDeclaration(
        name="keysight_33600", kind="pulse generator", models="Keysight 33600A series", model_pattern=r"336\d\dA",
        driver=_DRIVER, terminal=_OUTPUT,
    ),
)
