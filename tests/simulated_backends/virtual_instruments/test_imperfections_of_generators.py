"""Each imperfection of a generator as it is in the voltage at its connector, against its data sheet.

Every model that a driver drives is measured, through its own commands, at a load in the circuit. Errors of units are
normal with a third of the accuracy, and never beyond it. Their rms value over many units must be right, and so must be
errors that are known parts of the accuracy (``tests/fixtures/spread.py``). How they are drawn:
``test_drawn_errors.py``.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.imperfections.sheets import GENERATORS
from tests.fixtures.model_bench import ModelBench, every, first_of_drivers_or_soak, first_of_families
from tests.fixtures.node_course import NodeRecorder
from tests.fixtures.spread import NORMAL, require_spread, require_stated
from tsbench.errors import InstrumentError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.data_sheet import SHORTEST_DELAY

MODELS = every("pulse generator")
FAMILIES = pytest.mark.parametrize("open_generator", first_of_families("pulse generator"), indirect=True)
SHEETS = {sheet.name: sheet for models in GENERATORS.values() for sheet in reversed(models.values())}
Open = Callable[..., "GeneratorBench"]


class GeneratorBench:
    """One generator whose first channel is at the node ``out``, on 50 Ohm."""

    def __init__(self, table: ModelBench) -> None:
        self.table = table
        self.unit: PulseGenerator = table.bench.pulse_generator("pulser")
        self.unit.configure_load(50.0)
        self.sheet: Any = SHEETS[table.virtual.model]

    def play(self, pulse: Pulse, count: int = 1) -> None:
        """Set up a burst of pulses, and switch on."""
        self.unit.configure_pulse(pulse)
        self.unit.configure_burst(count)
        self.unit.set_output(True)
        self.table.wait(0.1)

    def burst(self, seconds: float, points: int = 40_001) -> tuple[Any, Any]:
        """Trigger; return times after the instrument has the trigger [s], and the voltage at the connector [V]."""
        times = np.linspace(0.0, seconds, points)
        return times, self.burst_at(times)

    def burst_at(self, times: Any) -> Any:
        """Trigger; return the voltage at the connector [V] at times after the instrument has the trigger [s]."""
        services, virtual, recorder = self.table.services, self.table.virtual, NodeRecorder()
        services.begin_message()
        services.sync()
        services.recorders.add(recorder)
        services.lagging_circuit.add_observer(recorder)
        came: list[float] = []
        exchange, recv = virtual.exchange, virtual.exchange.recv

        def stamped(data: bytes, end: bool) -> Any:
            if b"TR" in data.upper():   # *TRG, TRIG1, MTRIG
                came.append(services.clock.now)
            return recv(data, end)

        exchange.recv = stamped
        self.unit.trigger()
        exchange.recv = recv
        self.table.wait(float(times[-1]))
        services.lagging_circuit.remove_observer(recorder)
        services.recorders.discard(recorder)
        return recorder.history.voltage("out", came[0] + times)

    def level(self, volts: float) -> float:
        """Return what a constant voltage is at the connector [V]."""
        self.unit.configure_level(volts)
        self.unit.set_output(True)
        self.table.wait(0.1)
        return float(self.table.services.circuit.voltage("out"))

    def ends(self, pulse: Pulse) -> tuple[float, float]:
        """Return the lowest and the highest voltage of a pulse at the connector [V]."""
        self.unit.set_output(False)
        self.play(pulse)
        _, volts = self.burst(60e-6, points=2001)
        return float(np.min(volts)), float(np.max(volts))

    def refusals(self) -> str:
        """Empty the error queue, and return what was in it."""
        try:
            self.unit.check_errors()
        except InstrumentError as error:
            return str(error)
        return ""

    def write(self, *messages: str) -> None:
        """Send messages of the manual past the driver."""
        for message in messages:
            self.table.bench.instruments.connections["unit"].transport.write(message)


@pytest.fixture(params=first_of_drivers_or_soak("pulse generator"))
def open_generator(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    opened: list[ModelBench] = []
    model = MODELS[request.param]

    def open_on(
        netlist: str = "R_load out 0 50\n", imperfections: bool = True, seed: int = 1,
        errors: tuple[float, float] | None = None,
    ) -> GeneratorBench:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(ModelBench(folder, model, netlist, {model.channel: "out"}, "pulser", imperfections, seed, errors))
        return GeneratorBench(opened[-1])

    yield open_on
    for bench in opened:
        bench.bench.close()


def crossing(times: Any, volts: Any, level: float) -> float:
    """Return when a rising voltage first passes a level [s]."""
    k = int(np.argmax(volts > level))
    assert k > 0, "the voltage does not pass the level"
    return float(np.interp(level, volts[k - 1: k + 1], times[k - 1: k + 1]))


def accuracies(sheet: GeneratorDataSheet) -> dict[str, float]:
    """Return the numbers of the accuracy of amplitude and offset by name, 0 where a model has none."""
    return {"amplitude, relative": sheet.amplitude_gain_accuracy, "amplitude": sheet.amplitude_accuracy,
            "offset, relative": sheet.offset_gain_accuracy, "offset": sheet.offset_accuracy,
            "offset, of the amplitude": sheet.offset_amplitude_accuracy}


def levels_of(bench: GeneratorBench) -> dict[str, list[float]]:
    """Return the errors of amplitude and offset by name, each relative to its accuracy.

    From two constant voltages and two pulses.
    """
    found: dict[str, list[float]] = {}
    stated, large, small = accuracies(bench.sheet), 2.0, 0.2
    at_zero, at_level = bench.level(0.0), bench.level(1.5)
    (low, high), (low_small, high_small) = (
        bench.ends(Pulse(-0.5, large, 20e-6, 100e-6, 100e-9, 100e-9)),
        bench.ends(Pulse(0.0, small, 20e-6, 100e-6, 100e-9, 100e-9)))
    offset_gain = (at_level - at_zero) / 1.5 - 1.0
    amplitude, amplitude_small = high - low - large, high_small - low_small - small
    gain = (amplitude - amplitude_small) / (large - small)
    for name, error in (
        ("amplitude, relative", gain), ("amplitude", amplitude_small - small * gain), ("offset, relative", offset_gain),
        ("offset", at_zero),
        ("offset, of the amplitude", ((high + low) / 2 - 0.5 * (1.0 + offset_gain) - at_zero) / large),
    ):
        if stated[name]:
            found.setdefault(name, []).append(error / stated[name])
        else:
            assert error == pytest.approx(0.0, abs=1e-5), name
    return found


def test_levels_are_as_accurate_as_stated(open_generator: Open) -> None:
    """Each number of the accuracy of amplitude and offset, on a bench whose errors are as large as stated."""
    bench = open_generator(errors=(1.0, -1.0))
    none = [name for name, stated in accuracies(bench.sheet).items() if not stated]
    require_stated(levels_of(bench), {
        "amplitude, relative": 1.0, "amplitude": -1.0, "offset, relative": 1.0, "offset": -1.0,
        "offset, of the amplitude": -1.0}, doubt=0.02, missing=none)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_levels_differ_from_unit_to_unit(open_generator: Open) -> None:
    found: dict[str, list[float]] = {}
    for seed in range(1, 25):
        for name, errors in levels_of(open_generator(seed=seed)).items():
            found.setdefault(name, []).extend(errors)
    for name, errors in found.items():
        require_spread(errors, NORMAL, name, slack=0.01)


#: the message that sets the leading edge of a pulse, by the first letters of the name of the model
EDGE = {"SDG": "C1:BSWV RISE,{:g}", "332": "PULS:TRAN {:g}", "811": ":PULS:TRAN1 {:g}", "DG8": ":SOUR1:PULS:TRAN {:g}",
        "DG9": ":SOUR1:PULS:TRAN {:g}", "AFG": ":SOUR1:PULS:TRAN {:g}", "336": ":SOUR1:FUNC:PULS:TRAN:LEAD {:g}",
        "335": ":SOUR1:FUNC:PULS:TRAN:LEAD {:g}"}


def test_edges_are_as_fast_as_stated_and_no_faster(open_generator: Open) -> None:
    """The shortest edge that can be set, 10 % to 90 %, at a small and at the largest amplitude; no overshoot.

    Shorter edges are asked for by the command of the manual: they are refused, or the shortest is taken.
    """
    bench = open_generator(imperfections=False)
    sheet = bench.sheet
    largest = 0.95 * min(sheet.max_amplitude(1e6), 2 * sheet.peak_level)
    for amplitude, stated in ((1.0, sheet.min_edge_time), (largest, sheet.slow_edge_time)):
        low = -amplitude / 2 if amplitude > 0.9 * sheet.peak_level else 0.0
        bench.unit.set_output(False)
        bench.play(Pulse(low, amplitude, 100e-9, 10e-6, stated, stated))
        message = EDGE[sheet.name[:3]]
        bench.write(message.format(0.75 * stated), message.format(stated / 3))
        assert "-113" not in bench.refusals(), "the message is not one of this model"
        bench.table.wait(0.1)
        times, volts = bench.burst(sheet.trigger_latency + 400e-9)
        rise = crossing(times, volts, low + 0.9 * amplitude) - crossing(times, volts, low + 0.1 * amplitude)
        assert rise == pytest.approx(stated, rel=0.03)
        assert volts.max() == pytest.approx(low + amplitude, abs=2e-3 * amplitude)


def test_a_square_wave_has_the_stated_edges(open_generator: Open) -> None:
    """The driver has no square wave: it is set by the command of the manual."""
    bench = open_generator(imperfections=False)
    bench.unit.configure_level(0.0)
    bench.write(*{
        "SDG": ("C1:BSWV WVTP,SQUARE,FRQ,1000000,AMP,1,OFST,0", "C1:OUTP ON"),
        "332": ("FUNC SQU", "FREQ 1e6", "VOLT 1", "VOLT:OFFS 0", "OUTP ON"),
        "811": (":FUNC1 SQU", ":FREQ1 1e6", ":VOLT1 1", ":VOLT1:OFFS 0", ":OUTP1 ON"),
    }.get(bench.sheet.name[:3], (
        ":SOUR1:FUNC SQU", ":SOUR1:FREQ 1e6", ":SOUR1:VOLT 1", ":SOUR1:VOLT:OFFS 0", ":OUTP1 ON")))
    bench.table.wait(0.1)
    times, volts = bench.table.course("out", 2e-6, points=400_001)
    start = int(np.argmax(volts < -0.49))
    times, volts = times[start:], volts[start:]
    rise = crossing(times, volts, 0.4) - crossing(times, volts, -0.4)
    assert volts.max() == pytest.approx(0.5, rel=1e-2)
    assert rise == pytest.approx(bench.sheet.square_edge_time, rel=0.03)


def period_of(bench: GeneratorBench) -> float:
    """Return the error of the period relative to its accuracy, from the first to the last edge of a long burst."""
    count, period = 200, 10e-6
    near = np.linspace(0.0, 2e-6, 2001)
    bench.play(Pulse(0.0, 1.0, 5e-6, period, 100e-9, 100e-9), count)
    volts = bench.burst_at(np.concatenate([near, near + (count - 1) * period]))
    first, last = (crossing(near, part, 0.5) for part in np.split(volts, 2))
    found: float = (last - first) / ((count - 1) * period) / bench.sheet.timebase_accuracy
    return found


def test_the_period_is_as_accurate_as_the_time_base(open_generator: Open) -> None:
    found = [period_of(open_generator(errors=(1.0, 0.0)))]
    require_stated({"time base": found}, {"time base": 1.0}, doubt=0.02)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_the_period_differs_from_unit_to_unit(open_generator: Open) -> None:
    errors = [period_of(open_generator(seed=seed)) for seed in range(1, 25)]
    require_spread(errors, NORMAL, "time base", slack=0.01)


def test_a_trigger_has_the_stated_latency_and_jitter(open_generator: Open) -> None:
    """From the trigger to the first edge of a burst: the latency and the size of a normal number."""
    bench = open_generator()
    sheet = bench.sheet
    latency = sheet.trigger_latency or SHORTEST_DELAY   # a Siglent counts it as a part of the trigger delay
    edge = max(sheet.min_edge_time, 10e-9)
    bench.play(Pulse(0.0, 1.0, 1e-6, 20e-6, edge, edge))

    def late() -> float:
        times, volts = bench.burst(latency + 500e-9, points=4001)
        bench.table.wait(50e-6)
        return crossing(times, volts, 0.5) - 0.5 * edge / 0.8

    found, jitter = [late() for _ in range(80)], sheet.trigger_jitter
    assert np.mean(found) == pytest.approx(latency + math.sqrt(2 / math.pi) * jitter, abs=0.15 * jitter + 0.3e-9)
    assert np.std(found) == pytest.approx(math.sqrt(1 - 2 / math.pi) * jitter, rel=0.25)
    known = []
    for deviations in (0.0, 1.0):   # its size is known better from triggers that are late by a known part of it
        bench.table.draw_triggers(deviations)
        known.append(late())
    assert known[1] - known[0] == pytest.approx(jitter, rel=0.02)


def test_the_output_resistance_divides_the_voltage_as_stated(open_generator: Open) -> None:
    """Set for 50 Ohm, 1 V: an open connector has 2 V, 150 Ohm have 1.5 V."""
    for load, volts in ((1e7, 2.0), (150.0, 1.5)):
        bench = open_generator(f"R_load out 0 {load:g}\n", imperfections=False)
        bench.unit.configure_level(1.0)
        bench.unit.set_output(True)
        bench.table.wait(0.1)
        assert bench.table.services.circuit.voltage("out") == pytest.approx(volts, rel=1e-3)


def test_the_relay_opens_the_output_in_the_stated_time(open_generator: Open) -> None:
    """Off, the connector follows what pushes it. The command that switches on lasts as long as the relay."""
    bench = open_generator("R_push push out 1k\nV_push push 0 1\n", imperfections=False)
    circuit, clock = bench.table.services.circuit, bench.table.services.clock
    bench.unit.configure_level(0.0)
    bench.table.wait(0.1)
    assert circuit.voltage("out") == pytest.approx(1.0, rel=1e-3)
    start = clock.now
    bench.unit.set_output(True)
    assert 0.9e-4 < clock.now - start - bench.sheet.relay_time < 3.2e-4   # one to three messages
    bench.table.wait(1e-3)
    assert circuit.voltage("out") == pytest.approx(50.0 / 1050.0, rel=1e-2)


def test_an_arbitrary_waveform_has_the_steps_of_the_converter(open_generator: Open) -> None:
    """The points of a fine ramp are whole steps of the converter apart."""
    bench = open_generator(imperfections=False)
    count, rate = 3001, 10e6
    bench.unit.load_waveform(ArbitraryWaveform(np.linspace(-1.0, 1.0, count), rate))
    bench.unit.configure_burst(1)
    bench.unit.set_output(True)
    bench.table.wait(0.1)
    latency = bench.sheet.trigger_latency or SHORTEST_DELAY
    times, volts = bench.burst(latency + (count + 5) / rate, points=200_001)
    points = np.interp(latency + (np.arange(count) + 0.6) / rate, times, volts)
    steps = np.diff(points) / (np.ptp(points) / (2 ** bench.sheet.dac_bits - 2))
    wanted = (2 ** bench.sheet.dac_bits - 2) / (count - 1)
    assert np.mean(np.abs(steps - np.round(steps)) < 0.1) > 0.95
    assert np.abs(np.round(steps) - wanted).max() <= 2
    assert np.diff(np.unique(np.round(steps))).min() == 1   # a converter of one bit less has even steps only
    assert np.ptp(points) == pytest.approx(2.0, abs=8 / 2**bench.sheet.dac_bits + 8 / 2**14)
