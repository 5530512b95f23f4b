"""py4200A, which drives a Keithley 4200A-SCS by KXCI."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, same


@contextmanager
def _opening(bench: OpenBench) -> Iterator[Any]:
    from py4200A import KI4200A

    before = os.environ.get("PYVISA_LIBRARY")
    os.environ["PYVISA_LIBRARY"] = bench.library   # the class opens pyvisa's default library
    try:
        analyser = KI4200A(bench.resource)
        try:
            yield analyser
        finally:
            analyser.disconnect()
    finally:
        os.environ.pop("PYVISA_LIBRARY")
        if before is not None:
            os.environ["PYVISA_LIBRARY"] = before


#: by GPIB: the class ends its messages for GPIB, and does not read the acknowledgements of a socket
ANALYSER = Driver("py4200A", "KI4200A", ("keithley_4200",), _opening, transports=("in process",),
                  address="GPIB0::17::INSTR")
DRIVERS = (ANALYSER,)


def _swept(analyser: Any, stop: float, limit: float) -> list[float]:
    """Return the currents of a sweep in five steps from 0 V to ``stop`` [V] on the first unit [A]."""
    from py4200A.src.consts import RPMMode, SourceFunction, SourceType, SweepType

    analyser.test_mode = RPMMode.SMU
    unit = analyser.getSMU(1)
    unit.setupSMU("V1", "I1", SourceType.VOLT, SourceFunction.SWEEP)
    unit.setSweepFunction(SweepType.LINEAR, 0, stop, stop / 4, limit)
    for other in analyser.l_smus[1:]:
        other.deactivate()
    analyser.runTest()
    analyser.waitForTestEnd()
    return list(unit.current_measurement.getAllResults())


@ANALYSER.case
def modules_of_the_4200a(analyser: Any, bench: OpenBench) -> None:
    """The class finds the modules."""
    same("units", len(analyser.l_smus), 4)
    assert "4200A" in str(analyser.id), analyser.id


@ANALYSER.case
def sweep_of_the_4200a(analyser: Any, bench: OpenBench) -> None:
    """I = V/R at each level, and all relays are open afterwards."""
    found = _swept(analyser, 1.0, 1e-3)
    same("points", len(found), 5)
    for number, current in enumerate(found):   # no page of the data sheet was read: 0.1 % and 50 nA are a guess
        volts = 0.25 * number
        close_to(f"current at {volts:g} V", current, volts / RESISTANCE, 1e-3 * volts / RESISTANCE + 50e-9)
    same("relays", bench.outputs_on(), [])


@ANALYSER.case
def compliance_of_the_4200a(analyser: Any, bench: OpenBench) -> None:
    """The current of a sweep stops at the compliance."""
    found = _swept(analyser, 4.0, 2e-4)
    close_to("below", found[1], 1e-4, 3e-7)
    for current in found[2:]:
        close_to("current", current, 2e-4, 1e-6)
