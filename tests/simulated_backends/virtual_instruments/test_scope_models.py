"""Sister models of the 3000T X-Series: what differs by the data sheet, and only that."""

import math
from typing import Any

import numpy as np
import pytest


def sine_amplitude(bench: Any, frequency: float) -> float:
    """Return the amplitude [V] that the scope shows of a sine of the generator."""
    bench.send(bench.generator, "FUNC SIN", f"FREQ {frequency}", "VOLT 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 2", f":TIM:RANG {20 / frequency}", ":TRIG:SWE NORM")
    bench.arm()
    assert bench.finish()
    return float(math.sqrt(2) * np.std(bench.waveform()[1]))


def test_a_3034t_has_350_mhz(table: Any) -> None:
    frequency, shown = 100e6, {}
    for name in ("keysight_dsox3034t", "keysight_dsox3054t"):
        shown[name] = sine_amplitude(table(imperfections=False, scope=name), frequency)
    gaussian = [2.0 ** (-0.5 * (frequency / bandwidth) ** 2) for bandwidth in (350e6, 500e6)]
    ratio = shown["keysight_dsox3034t"] / shown["keysight_dsox3054t"]
    assert ratio == pytest.approx(gaussian[0] / gaussian[1], abs=2e-3)


def test_a_3034t_says_who_it_is_and_samples_as_its_sister(table: Any) -> None:
    bench = table(scope="keysight_dsox3034t")
    assert bench.ask(bench.scope, "*IDN?").startswith("KEYSIGHT TECHNOLOGIES,DSO-X 3034T,SIM2,")
    bench.send(bench.scope, ":TIM:RANG 1e-6")
    assert bench.number(bench.scope, ":ACQ:SRAT?") == pytest.approx(5e9)
