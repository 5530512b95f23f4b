"""Frequency over load, capacitance and temperature of the four devices of a crossbar, without an operator."""

import itertools
import math
import sys

import numpy as np

from tsbench.instruments import EdgeTrigger, Timebase, Vertical
from tsbench.station.bench.bench import Bench

POINTS = list(itertools.product((300.0, 305.0), (5e3, 7e3), (1e-9, 2e-9)))  # [K], [Ohm], [F]


def frequency(bench: Bench) -> float:
    """Return the frequency [Hz] of the connected device under bias, 0 without oscillation."""
    bias, scope = bench.pulse_generator("bias"), bench.oscilloscope("scope")
    bias.configure_level(3.0)  # [V]
    bias.set_output(True)
    bench.clock.wait(1e-3)
    scope.arm()
    scope.force_trigger()
    while not scope.complete():
        bench.clock.wait(1e-3)
    wave = scope.fetch([1])[1]
    bias.set_output(False)
    volts = np.asarray(wave.values()).ravel()
    bottom, top = np.quantile(volts, (0.01, 0.99))
    height = (volts - bottom) / max(top - bottom, 0.1)   # a swing below 0.07 V is no oscillation
    known = np.flatnonzero((height > 0.7) | (height < 0.3))
    rises = known[1:][np.diff((height[known] > 0.7).astype(int)) > 0]
    return float((rises.size - 1) / ((rises[-1] - rises[0]) * wave.dt)) if rises.size > 1 else 0.0


def prepare(bench: Bench) -> None:
    """Set up generator and scope."""
    bench.pulse_generator("bias").configure_load(math.inf)
    bench.oscilloscope("scope").configure_channel(1, Vertical(range=1.6, offset=0.9))
    bench.oscilloscope("scope").configure_timebase(Timebase(span=100e-6))
    bench.oscilloscope("scope").configure_trigger(EdgeTrigger(1, 0.7))


def main(path: str) -> None:
    with Bench.open(path) as bench:
        prepare(bench)
        assert bench.temperature is not None and bench.fixture_control is not None
        # the end of the bench, also after Ctrl-C, switches the outputs off first, and then the heater
        for kelvins, ohms, farads in POINTS:
            bench.temperature.set_temperature(kelvins)
            bench.fixture_control.set_value("load_resistance", ohms)
            bench.fixture_control.set_value("parallel_capacitance", farads)
            for device in bench.positioner.devices():
                bench.positioner.connect(device)
                print(f"{device} {kelvins:g} K {ohms:g} Ohm {farads:g} F {frequency(bench):.4g} Hz", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
