"""Whether a resistor with a capacitance explains a rise of the current: each condition on records without noise."""

import numpy as np
import pytest

from tsbench.analysis.pulse import linear_load
from tsbench.analysis.pulse.linear_load import Explained, resistor_explains
from tsbench.records import FloatArray

FIRST, LAST, RISE, QUIET = 400, 1400, 700.0, 350
SIEMENS = 1e-4
SAMPLES = np.arange(1600.0)


def ring(period: float = 120.0, decay: float = 250.0) -> FloatArray:
    """Return the voltage of an edge of 12 samples that rings by a fifth of its height."""
    edge = 1.0 / (1.0 + np.exp(-(SAMPLES - FIRST) / 3.0))
    since = np.maximum(SAMPLES - FIRST, 0.0)
    return edge * (1.0 + 0.2 * np.exp(-since / decay) * np.sin(2 * np.pi * since / period))


def explained(
    current: FloatArray, voltage: FloatArray | None = None, rise: float = RISE, off: float = 0.0
) -> Explained:
    volts = ring() if voltage is None else voltage
    return resistor_explains(volts, current, QUIET, (FIRST, LAST), (off, SIEMENS, rise))


def charging(share: float, voltage: FloatArray | None = None) -> FloatArray:
    """Return the charging current whose largest value is a share of the current of the resistor."""
    slope = np.gradient(ring() if voltage is None else voltage)
    return share * SIEMENS * slope / np.abs(slope).max()


@pytest.mark.parametrize(("share", "found"), [
    (0.5, Explained.YES), (2.0, Explained.YES), (2.7, Explained.YES), (6.0, Explained.PERHAPS)])
def test_a_resistor_explains_its_current_unless_the_charging_current_is_too_large(
    share: float, found: Explained,
) -> None:
    assert explained(SIEMENS * ring() + charging(share)) is found


@pytest.mark.parametrize(("conductance", "share"), [(1.0, -0.5), (-1.0, 0.5)])
def test_a_conductance_or_a_capacitance_below_zero_explains_nothing(conductance: float, share: float) -> None:
    """The current of a device that switches comes late, as that of a capacitance below zero."""
    assert explained(conductance * SIEMENS * ring() + charging(share)) is Explained.NO


def test_a_device_that_switches_is_not_explained() -> None:
    state = 1.0 / (1.0 + np.exp(-(SAMPLES - RISE) / 4.0))
    assert explained(SIEMENS * state * ring() + charging(0.5)) is Explained.NO


@pytest.mark.parametrize(("rise", "found"), [(FIRST + 5.0, Explained.UNKNOWN), (FIRST + 40.0, Explained.YES)])
def test_a_few_samples_to_the_rise_explain_nothing(rise: float, found: Explained) -> None:
    assert explained(SIEMENS * ring() + charging(0.5), rise=rise) is found


def test_a_fast_ring_in_a_long_record_is_not_averaged_away() -> None:
    volts = ring(period=25.0)
    current = SIEMENS * volts + charging(1.0, volts)
    assert explained(current, volts) is Explained.YES


def test_a_long_record_is_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_load, "_MOST_SAMPLES", 150)   # means of two samples
    assert explained(SIEMENS * ring() + charging(1.0)) is Explained.YES


def test_an_offset_below_zero_makes_no_larger_rise() -> None:
    """A large charging current hides a switching, whatever the offset of the off current."""
    current = SIEMENS * ring() + charging(5.5)
    assert explained(current, off=-0.5 * SIEMENS) is explained(current) is Explained.PERHAPS


@pytest.mark.parametrize(("last", "found"), [(706, Explained.NO), (707, Explained.YES), (720, Explained.YES)])
def test_a_resistor_explains_a_rise_only_if_the_fit_sees_two_samples_behind_its_middle(
    last: int, found: Explained,
) -> None:
    """The narrowest kernel leaves out the last five samples of the pulse."""
    current = SIEMENS * ring() + charging(0.5)
    assert resistor_explains(ring(), current, QUIET, (FIRST, last), (0.0, SIEMENS, RISE - 0.4)) is found


@pytest.mark.parametrize("behind", [2, 6, 10, 20, 200])
def test_a_device_that_switches_at_the_end_of_a_pulse_is_no_resistor(behind: int) -> None:
    """The off state is a resistor, and the fit may see nothing but the off state."""
    state = 0.1 + 0.9 * (SAMPLES >= RISE)
    current, span = SIEMENS * state * ring() + charging(0.05), (FIRST, int(RISE) + behind)
    assert resistor_explains(ring(), current, QUIET, span, (0.1 * SIEMENS, SIEMENS, RISE)) is Explained.NO
