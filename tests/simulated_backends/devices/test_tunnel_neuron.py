"""The tunnel diode of the published Ag/HfO2 neuron, and the neuron: spikes, its limits, ngspice and SciPy."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.reference_devices import reference
from tests.fixtures.patience import PATIENCE
from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices import dispatch
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.devices_lib import write_devices_lib
from tsbench.simulated_backends.studies.neurons.library import neuron
from tsbench.simulated_backends.studies.simulate.simulate import simulate

NAME = "ag_hfo2_tunnel"


def evaluated(v: float) -> FloatArray:
    return dispatch.evaluated(device_model("tunnel_diode"), v, 0.0)


def test_current_is_the_printed_one_and_its_slope_the_derivative() -> None:
    for v in (-5.0, -1.0, -0.3, -0.01, 0.0, 0.03, 0.083, 0.15, 0.253, 0.4, 1.0, 5.0):
        assert evaluated(v)[0] == pytest.approx(reference("tunnel_diode").current(v, []), rel=1e-9, abs=1e-18)
        step = 1e-5 * max(abs(v), 1e-2)
        difference = (evaluated(v + step)[0] - evaluated(v - step)[0]) / (2 * step)
        assert evaluated(v)[1] == pytest.approx(difference, rel=1e-5, abs=1e-10), v


def test_peak_and_valley() -> None:
    grid = np.linspace(0.0, 0.4, 4001)
    current = np.array([evaluated(float(v))[0] for v in grid])
    peak, valley = int(np.argmax(current[:2000])), 1500 + int(np.argmin(current[1500:]))
    assert current[peak] == pytest.approx(20.6e-6, rel=0.01) and grid[peak] == pytest.approx(0.083, abs=2e-3)
    assert current[valley] == pytest.approx(6.6e-6, rel=0.01) and grid[valley] == pytest.approx(0.253, abs=2e-3)


def test_a_series_resistance_that_hides_the_falling_branch_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"rs = 10000 Ohm must be below .* Put a larger series resistance "
                                                 r"into the circuit"):
        device_model("tunnel_diode", {"rs": 10e3})


def falls(times: FloatArray, voltage: FloatArray) -> FloatArray:
    """Return when the output falls through 70 mV."""
    k = np.flatnonzero((voltage[:-1] >= 0.07) & (voltage[1:] < 0.07))
    return np.asarray(times[k] + (0.07 - voltage[k]) / (voltage[k + 1] - voltage[k]) * (times[k + 1] - times[k]))


@pytest.mark.sabotage("resistor")
def test_it_spikes_at_the_published_current_and_stands_still_below_and_above() -> None:
    found = {}
    for current in (20.5, 21.0, 22.0, 25.0):
        text = neuron(NAME).netlist(stimulus=f"PWL(0 0 1m 0 1.01m {current}u)", stop=20e-3)
        result = simulate(text)
        found[current] = falls(result.times, result.columns["v(out)"])
        if found[current].size > 3:
            late = result.columns["v(out)"][result.times > 5e-3]
            assert late.max() == pytest.approx(0.119, rel=0.02)   # published, with 30 mV at rest
            assert 0.0 < late.min() < 0.035
    assert found[20.5].size == 0 and found[25.0].size <= 1
    assert np.diff(found[21.0]).mean() > np.diff(found[22.0]).mean() > 1e-3


def test_interval_is_of_the_published_size() -> None:
    """1.594 ms at 21 uA and 22 nF; the diode's bias for it is not stated, 60 mV is that of the next energy given."""
    result = simulate(neuron(NAME).netlist({"ETD": "60m"}, "PWL(0 0 1m 0 1.01m 21u)", 20e-3))
    interval = float(np.diff(falls(result.times, result.columns["v(out)"])[2:]).mean())
    print(f"{interval * 1e3:.3f} ms")
    assert interval == pytest.approx(1.594e-3, rel=0.05)


@pytest.mark.thorough
def test_scipy_agrees() -> None:
    switch, diode = reference("ag_hfo2"), reference("tunnel_diode")

    def rates(t: float, y: FloatArray) -> list[float]:
        current = 21e-6 - diode.current(y[0] + 0.04, []) + switch.current(-y[0], [y[1]])
        return [current / 22e-9, *switch.rates(-y[0], 0.0, [y[1]])]

    done = solve_ivp(rates, (0.0, 10e-3), [-0.04, 0.0], "Radau", rtol=1e-8, atol=[1e-10, 1e-13], max_step=5e-5)
    theirs = np.diff(falls(done.t, done.y[0]))
    result = simulate(neuron(NAME).netlist(stimulus="PWL(0 0 1n 21u)", stop=10e-3))
    ours = np.diff(falls(result.times, result.columns["v(out)"]))
    print(ours, theirs)
    assert ours.size == theirs.size >= 2
    assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.mark.ngspice
def test_ngspice_agrees(tmp_path: Path) -> None:
    text = neuron(NAME).netlist(stimulus="PWL(0 0 1n 21u)", stop=10e-3, samples=20_000)
    result = simulate(text)
    write_devices_lib(tmp_path / "devices.lib")
    options = ".options reltol=1e-6 abstol=1e-15 vntol=1e-9 method=gear\n"
    (tmp_path / "neuron.cir").write_text(text.replace(".save v(out) i(X1) i(XTD)", options + ".save v(out)"), "utf-8")
    done = subprocess.run(["ngspice", "-b", "-r", "out.raw", "neuron.cir"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert (tmp_path / "out.raw").exists(), done.stdout + done.stderr
    head, _, data = (tmp_path / "out.raw").read_bytes().partition(b"Binary:\n")
    count = re.search(rb"No. Variables: *(\d+)", head)
    assert count is not None
    table = np.frombuffer(data).reshape(-1, int(count[1]))
    theirs, ours = (np.diff(falls(*record)) for record in (
        (table[:, 0], table[:, 1]), (result.times, result.columns["v(out)"])))
    print(ours, theirs)
    assert ours.size == theirs.size >= 2
    assert ours == pytest.approx(theirs, rel=2e-3)
