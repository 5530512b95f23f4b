"""The built-in waveforms of the simulated SDG2000X: their list, how they are chosen, and their shape at the load."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.built_in_waves import NAMES, built_in_codes
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.data_sheet import SDG2042X

LOAD = "R1 a 0 50\nC1 a 0 0.1p\nR2 b 0 50\n"


@pytest.fixture
def sdg(table: Any) -> Any:
    return table(imperfections=False, generator="siglent_sdg2122x", netlist=LOAD)


def cycle(sdg: Any, chosen: str) -> Any:
    """Return one cycle (1 ms) of a waveform between -1 V and 1 V at the load, from its begin on; shape (4000,).

    The begin is where the square wave of the other channel rises.
    """
    sdg.send(sdg.generator, f"C1:ARWV {chosen}", "C2:BSWV WVTP,SQUARE", *(
        line for channel in "12" for line in (
            f"C{channel}:OUTP LOAD,50", f"C{channel}:BSWV FRQ,1000,AMP,2,OFST,0,PHSE,0", f"C{channel}:OUTP ON")),
        "EQPHASE")
    assert sdg.errors(sdg.generator) == []
    square, volts = (sdg.voltages(node, 1e-3, 4001)[1][:-1] for node in "ba")
    begin = int(np.flatnonzero((square > 0) & (np.roll(square, 1) < 0))[0])
    return np.roll(volts, -begin)


def test_the_list_is_that_of_the_programming_guide(sdg: Any) -> None:
    reply = sdg.ask(sdg.generator, "STL?")
    assert reply.startswith("STL M10, ExpFal, M100, ECG14, M101, ECG15, M102, LFPulse, M103, Tens1, M104, Tens2, ")
    assert reply.endswith(", M95, ECG9, M96, ECG10, M97, ECG11, M98, ECG12, M99, ECG13")
    words = reply.removeprefix("STL ").split(", ")
    names = dict(zip(words[::2], words[1::2], strict=True))
    assert len(names) == 197 == len(NAMES)
    assert [names[f"M{index}"] for index in (2, 18, 23, 47, 55, 87, 144, 169, 194, 195, 198)] == [
        "StairUp", "Sinc", "Gauspuls", "Square", "DampedOsc", "ECG1", "Duty01", "Duty50", "Duty99", "demo1_375",
        "demo2_16k"]
    assert sdg.ask(sdg.generator, "STL? BUILDIN") == reply and sdg.ask(sdg.generator, "STL? USER") == "STL WVNM"


@pytest.mark.parametrize(("sent", "answer", "errors"), [
    ("C1:ARWV INDEX,2", "INDEX,2,NAME,StairUp", []), ("C1:ARWV NAME,sinc", "INDEX,18,NAME,Sinc", []),
    ("C1:ARWV NAME,Bartlett-Hann", "INDEX,38,NAME,Bartlett-Hann", []), ("C1:ARWV NAME,X^2", "INDEX,16,NAME,X^2", []),
    ("C1:ARWV INDEX," + 5000 * "1", "INDEX,2,NAME,StairUp", [-224]),
    ("C1:ARWV INDEX,87", "INDEX,2,NAME,StairUp", [-224]), ("C1:ARWV INDEX,199", "INDEX,2,NAME,StairUp", [-224]),
    ("C1:ARWV INDEX,1", "INDEX,2,NAME,StairUp", [-224]), ("C1:ARWV INDEX,-3", "INDEX,2,NAME,StairUp", [-224]),
    ("C1:ARWV NAME,SinPuls", "INDEX,2,NAME,StairUp", [-224]),
])
def test_a_waveform_is_selected_by_its_index_or_name(sdg: Any, sent: str, answer: str, errors: list[int]) -> None:
    sdg.send(sdg.generator, sent)
    assert sdg.errors(sdg.generator) == errors and sdg.ask(sdg.generator, "C1:ARWV?") == f"C1:ARWV {answer}"


def test_a_waveform_of_the_user_hides_a_built_in_one_of_its_name(sdg: Any) -> None:
    sdg.send(sdg.generator, b"C1:WVDT WVNM,sinc,WAVEDATA," + bytes(64), "C1:ARWV NAME,Sinc")
    assert sdg.ask(sdg.generator, "C1:ARWV?") == "C1:ARWV INDEX,0,NAME,SINC"
    sdg.send(sdg.generator, "C1:ARWV INDEX,18")
    assert sdg.ask(sdg.generator, "C1:ARWV?") == "C1:ARWV INDEX,18,NAME,Sinc"


@pytest.mark.parametrize(("chosen", "rising"), [("INDEX,2", True), ("NAME,StairDn", False)])
def test_a_staircase_has_eight_equal_steps(sdg: Any, chosen: str, rising: bool) -> None:
    volts = cycle(sdg, chosen)
    levels = volts.reshape(8, 500)[:, 10:-10]
    assert np.ptp(levels, axis=1).max() < 1e-3
    expected = np.linspace(-1, 1, 8)
    assert levels.mean(axis=1) == pytest.approx(expected if rising else expected[::-1], abs=2e-3)


def test_a_staircase_up_and_down_is_symmetrical(sdg: Any) -> None:
    volts = cycle(sdg, "NAME,StairUD")
    assert np.median(np.abs(volts - volts[::-1])) < 1e-3 and len(np.unique(np.round(volts, 2))) == 8


@pytest.mark.thin(3)
@pytest.mark.parametrize(("name", "at", "expected"), [
    ("Upramp", 0.75, 0.5), ("Dnramp", 0.75, -0.5), ("Trapezia", 0.125, 0.0), ("Trapezia", 0.5, 1.0),
    # after 1/5 of the cycle, an exponential has made 1 - 1/e of its way, of which 1/e^5 is missing at the end
    ("ExpRise", 0.2, 2 * (1 - np.exp(-1)) / (1 - np.exp(-5)) - 1), ("ExpFal", 0.2, 2 * (
        np.exp(-1) - np.exp(-5)) / (1 - np.exp(-5)) - 1),
    ("LogRise", 0.5, 2 * np.log10(5.5) - 1), ("LogFall", 0.5, 2 * np.log10(5.5) - 1), ("Sqrt", 0.25, 0.0),
    ("Root3", 0.5625, 0.5), ("X^2", 0.75, -0.5), ("X^3", 0.75, 0.125), ("Haversine", 0.25, 0.0),
    ("Haversine", 0.5, 1.0),
    ("Tripuls", 0.375, 0.0), ("Lorentz", 0.55, -0.01), ("TanH", 0.5, 0.0), ("Atan", 0.55, 0.534), ("Erf", 0.5, 0.0),
    ("Triangle", 0.25, 0.0), ("Hanning", 0.25, 0.0), ("Asin", 0.75, 1 / 3), ("Acos", 0.75, -1 / 3),
])
def test_smooth_shapes_pass_through_known_points(sdg: Any, name: str, at: float, expected: float) -> None:
    assert cycle(sdg, f"NAME,{name}")[round(at * 4000)] == pytest.approx(expected, abs=0.015)


def test_sinc_has_its_zeros_and_its_lowest_value(sdg: Any) -> None:
    """Sixteen zeros; the lowest value is -0.2172 of the peak (sinc(1.4303))."""
    volts = cycle(sdg, "NAME,Sinc")
    unit = (volts + 1) / 2 * (1 + 0.21723) - 0.21723
    assert np.argmax(volts) == pytest.approx(2000, abs=3)
    crossings = np.flatnonzero(np.diff(np.sign(unit[20:-20]))) + 20
    assert len(crossings) == 14 and crossings == pytest.approx(
        np.array([k for k in range(250, 4000, 250) if k != 2000]), abs=6)


def test_a_gaussian_has_its_width_and_a_pulse_of_it_its_carrier(sdg: Any) -> None:
    volts = cycle(sdg, "NAME,Gaussian")
    assert np.count_nonzero(volts > 0) / 4000 == pytest.approx(2 * np.sqrt(2 * np.log(2)) / 10, abs=0.003)
    pulse = cycle(sdg, "NAME,Gauspuls")
    peaks = [k for k in range(1, 3999) if pulse[k] > 0.1 and pulse[k] == pulse[max(k - 60, 0):k + 61].max()]
    assert np.diff([np.mean(one) for one in np.split(np.array(peaks), np.flatnonzero(np.diff(peaks) > 60) + 1)]) == (
        pytest.approx(400, abs=15))   # a tenth of the cycle; the envelope pulls the peaks together
    monopulse = cycle(sdg, "NAME,Gmonopuls")
    assert monopulse + monopulse[::-1] == pytest.approx(0, abs=0.02)
    assert (np.argmax(monopulse) - np.argmin(monopulse)) / 4000 == pytest.approx(0.2, abs=0.004)   # 2 deviations


@pytest.mark.parametrize("share", [1, 30, 99])
def test_a_square_wave_is_high_for_its_share(sdg: Any, share: int) -> None:
    assert np.count_nonzero(cycle(sdg, f"NAME,Duty{share:02d}") > 0) / 4000 == pytest.approx(share / 100, abs=6e-4)


@pytest.mark.parametrize(("name", "sign"), [("Ppulse", 1), ("Npulse", -1)])
def test_pulses_have_a_sign(sdg: Any, name: str, sign: int) -> None:
    volts = cycle(sdg, f"NAME,{name}")
    assert np.count_nonzero(sign * volts > 0) / 4000 == pytest.approx(0.1, abs=1e-3)


def test_all_modelled_waveforms_use_the_whole_amplitude() -> None:
    modelled = {name: codes for name in NAMES if (codes := built_in_codes(name)) is not None}
    assert len(modelled) > 90 and SDG2042X.min_arb_points <= 16384
    assert all((codes.min(), codes.max()) == (-32767, 32767) and len(codes) == 16384 for codes in modelled.values())
