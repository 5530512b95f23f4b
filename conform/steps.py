"""The steps: what a driver is asked to do, one after the other, for each kind of instrument.

No step can damage what is connected: outputs stay off, or drive a resistor of which the user has told the value with
at most :data:`~tsbench.conform.dialogue.HIGHEST_LEVEL`.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from tsbench.conform.dialogue import DURATION, HIGHEST_LEVEL, DialogueStep, Wait, each, until
from tsbench.conform.pulse_measure import pulse_measure
from tsbench.conform.resistor_check import NotTheResistor, read_conductance
from tsbench.conform.surroundings import decade_box, prober, switch_matrix, temperature_controller
from tsbench.errors import TsbenchError
from tsbench.instruments import (
    ArbitraryWaveform,
    EdgeTrigger,
    MeasureSettings,
    Pulse,
    SourceMeterCapabilities,
    SourcePulses,
    SourceSettings,
    Timebase,
    Vertical,
)
from tsbench.instruments.driver import Driver

_PART = 0.9  #: of a range: there, the accuracy of its gain counts more than that of its offset


def questions(driver: Any) -> Iterator[DialogueStep]:
    """Yield the steps that every instrument takes: its defaults, and what it says of wrong messages."""
    yield DialogueStep("reset", driver.reset)
    yield DialogueStep("outputs", driver.output_states)
    yield DialogueStep("restart noticed", driver.lost_power)
    language = getattr(driver, "language", None)
    for message in () if language is None else language.trials:
        yield DialogueStep(f"wrong message {message}", partial(_wrong, driver, message))


def _wrong(driver: Any, message: str) -> None:
    driver.write(message)
    with contextlib.suppress(TsbenchError):
        driver.check_errors()


def source_meter(driver: Driver, meter: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of one terminal of a source meter.

    Parameters
    ----------
    driver : the instrument
    meter : its terminal, a SourceMeter
    wait : waits [s] on the bench's clock
    resistance : [Ohm] of the resistor at the terminal; None: the output stays off
    """
    caps: SourceMeterCapabilities = meter.capabilities
    limit = max(caps.compliance_current.low, 1e-4)
    for row in caps.source_voltage_accuracy:
        if row.full_scale <= 42.0:
            yield DialogueStep(f"source range {row.full_scale:g} V", partial(
                meter.configure_source, SourceSettings("voltage", compliance_current=limit, range=row.full_scale)))
    yield DialogueStep("source range automatic", partial(
        meter.configure_source, SourceSettings("voltage", compliance_current=limit)))
    for row in caps.current_accuracy:
        yield DialogueStep(f"measuring range {row.full_scale:g} A", partial(_measuring, meter, row.full_scale, 0.1))
    for nplc in (caps.nplc.low, 1.0, caps.nplc.high):
        yield DialogueStep(f"aperture {nplc:g} NPLC", each(
            driver.reset, partial(_measuring, meter, None, nplc)))
    yield DialogueStep("level with the output off", lambda: meter.set_level(0.5))
    yield DialogueStep("current source", lambda: meter.configure_source(SourceSettings(
        "current", compliance_voltage=max(caps.compliance_voltage.low, 2.0))))
    yield DialogueStep("made safe", driver.safe_state)
    if resistance is None:
        return
    seen: list[str] = []

    def is_there() -> None:
        if reason := read_conductance(driver, meter, resistance).refusal(resistance):
            raise NotTheResistor(reason)
        seen.append("the resistor")

    yield DialogueStep("resistance at a few millivolts", is_there)
    if seen:   # without this reading, it is not known what is connected
        yield from _on_a_resistor(driver, meter, wait, resistance)


def _measuring(meter: Any, full: float | None, nplc: float) -> None:
    limit = max(meter.capabilities.compliance_current.low, 1e-4 if full is None else full)
    highest = meter.capabilities.compliance_current.high
    meter.configure_source(SourceSettings("voltage", compliance_current=min(limit, highest)))
    meter.configure_measure(MeasureSettings("current", range=full, nplc=nplc))


def _on_a_resistor(driver: Driver, meter: Any, wait: Wait, resistance: float) -> Iterator[DialogueStep]:
    caps: SourceMeterCapabilities = meter.capabilities
    level = HIGHEST_LEVEL
    through = level / resistance

    def ready(limit: float, nplc: float = 1.0) -> None:
        driver.reset()
        limit = max(limit, caps.compliance_current.low)
        meter.configure_source(SourceSettings("voltage", compliance_current=limit))
        fixed = next(row.full_scale for row in caps.current_accuracy if row.full_scale >= limit)   # no search for it
        meter.configure_measure(MeasureSettings("current", range=fixed, nplc=nplc))
        meter.set_level(0.0)
        meter.set_output(True)

    def read(level: float, limit: float) -> None:
        ready(limit)
        meter.set_level(level)
        meter.measure()
        meter.measure()
        meter.set_output(False)
        driver.output_states()

    yield DialogueStep("reading on the resistor", lambda: read(level, 2.0 * through))
    fitting = [row.full_scale for row in caps.current_accuracy if _PART * row.full_scale <= through * (1 + 1e-9)]
    if fitting:
        full = fitting[-1]
        yield DialogueStep("reading near full scale", lambda: read(_PART * full * resistance, full))
        yield DialogueStep("current into the resistor", lambda: _driven(driver, meter, _PART * full))
    yield DialogueStep("negative reading", lambda: read(-level, 2.0 * through))
    yield DialogueStep("reading in compliance", lambda: read(level, 0.4 * through))
    if caps.maximum_sweep_points > 1:
        levels = np.linspace(0.0, level, 11)
        yield DialogueStep("sweep", lambda: _swept(meter, wait, 11, each(
            lambda: ready(2.0 * through, 0.1), lambda: meter.start_sweep(levels, max(caps.minimum_dwell, 10e-3)))))
        yield DialogueStep("sweep that is stopped", each(
            lambda: ready(2.0 * through, 1.0), lambda: meter.start_sweep(levels, max(caps.minimum_dwell, 0.1)),
            meter.abort, lambda: meter.set_output(False), driver.output_states))
    if (limits := caps.pulses) is not None:
        width = max(limits.width.low, 5e-3)
        pulses = SourcePulses(0.0, np.array([0.3, 0.6, level]), width, max(limits.period.low, 20.0 * width))
        shortest = max(limits.nplc.low, 1e-2)
        yield DialogueStep("pulses", lambda: _swept(meter, wait, 3, each(
            lambda: ready(2.0 * through, shortest), lambda: meter.start_pulses(pulses))))
    if caps.sampling is not None:
        interval = max(caps.sampling.interval.low, 10e-3)
        yield DialogueStep("samples", lambda: _swept(meter, wait, 10, each(
            lambda: ready(2.0 * through, 0.1), lambda: meter.start_sampling(level, interval, 10))))
    yield DialogueStep("made safe", each(driver.safe_state, driver.output_states))


def _driven(driver: Driver, meter: Any, current: float) -> None:
    """Drive a current, and read the voltage twice."""
    driver.reset()
    # what an open terminal would get
    meter.configure_source(SourceSettings("current", compliance_voltage=2.0 * HIGHEST_LEVEL))
    meter.configure_measure(MeasureSettings("voltage", range=2.0 * HIGHEST_LEVEL, nplc=1.0))
    meter.set_level(0.0)
    meter.set_output(True)
    meter.set_level(current)
    meter.measure()
    meter.measure()
    meter.set_output(False)
    driver.output_states()


def _swept(meter: Any, wait: Wait, points: int, start: Callable[[], object]) -> dict[str, float]:
    start()
    until(lambda: not meter.sweep_running(), wait)
    meter.poll_sweep()
    readings = meter.fetch_sweep(0, points)
    meter.set_output(False)
    found = {"readings": float(len(readings)), DURATION: readings[-1].time - readings[0].time if readings else 0.0}
    for number, one in enumerate(readings, 1):
        found |= {f"voltage {number} [V]": one.voltage, f"current {number} [A]": one.current,
                  f"flags {number}": float(one.flags.value)}
    return found


def pulse_generator(driver: Driver, output: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of one output of a generator; see :func:`source_meter`."""
    caps = output.capabilities
    width, edge = max(caps.pulse_width.low * 10.0, 1e-6), max(caps.edge_time.low * 2.0, 10e-9)
    pulse = Pulse(0.0, 0.5, width, max(caps.pulse_period.low, 10.0 * width), edge, edge)
    for load in (50.0, float("inf"), 1000.0):
        yield DialogueStep(f"load {load:g} Ohm", partial(output.configure_load, load))
    yield DialogueStep("level limits", lambda: output.configure_level_limits(-1.5, 1.5))
    yield DialogueStep("pulse", lambda: output.configure_pulse(pulse))
    yield DialogueStep("pulse downwards", lambda: output.configure_pulse(
        Pulse(0.2, -0.4, width, pulse.period, edge, edge)))
    yield DialogueStep("burst", each(lambda: output.configure_pulse(pulse), lambda: output.configure_burst(3)))
    yield DialogueStep("level", lambda: output.configure_level(0.25))
    wave = 0.5 * np.sin(np.linspace(0.0, 2.0 * np.pi, max(64, int(caps.arbitrary_points.low))))
    waveform = ArbitraryWaveform(wave, min(1e6, caps.sample_rate.high))
    yield DialogueStep("waveform", lambda: output.load_waveform(waveform))
    yield DialogueStep("made safe", each(driver.safe_state, driver.output_states))
    if resistance is None:
        return

    def play() -> None:
        driver.reset()
        output.configure_load(float("inf"))
        output.configure_pulse(pulse)
        output.configure_burst(3)
        output.set_output(True)
        output.trigger()
        until(lambda: not output.burst_running(), wait)
        output.set_output(False)
        driver.output_states()

    yield DialogueStep("burst into the resistor", play)
    yield DialogueStep("made safe", each(driver.safe_state, driver.output_states))


def oscilloscope(driver: Driver, scope: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of an oscilloscope; nothing needs to be connected to it."""
    caps = scope.capabilities
    for channel in range(1, caps.channels + 1):
        yield DialogueStep(f"channel {channel}", partial(
            scope.configure_channel, channel, Vertical(range=4.0, offset=0.5)))
    yield DialogueStep("channel off", lambda: scope.disable_channel(caps.channels))
    for span in (1e-6, 1e-3, 0.1):
        yield DialogueStep(f"span {span:g} s", partial(scope.configure_timebase, Timebase(span, span * 0.3)))
    for edge in (EdgeTrigger(1, 0.05, "positive"), EdgeTrigger(1, 0.05, "negative")):
        yield DialogueStep(f"trigger on a {edge.slope} edge", partial(scope.configure_trigger, edge))
    if scope.capabilities.external_trigger:
        yield DialogueStep("external trigger", lambda: scope.configure_trigger(EdgeTrigger("external", 0.5)))
    yield DialogueStep("small range", lambda: scope.configure_channel(1, Vertical(range=max(caps.range.low, 0.08))))

    def record(offset: float) -> dict[str, float]:
        driver.reset()
        scope.configure_channel(1, Vertical(range=4.0, offset=offset))
        scope.configure_timebase(Timebase(20e-6))
        scope.configure_trigger(EdgeTrigger(1, 1.9))
        scope.arm()
        scope.triggered()
        scope.force_trigger()
        until(scope.complete, wait)
        seen = scope.fetch([1])[1]
        return {"samples": float(seen.codes.size), "interval [s]": seen.dt, "start [s]": seen.t0,
                "mean [V]": float(seen.values().mean())}

    yield DialogueStep("forced record", lambda: record(0.0))
    yield DialogueStep("forced record far from the middle", lambda: record(1.5))
    yield DialogueStep("record that is stopped", each(scope.arm, scope.abort, scope.complete))


#: kind of instrument -> its steps
STEPS: dict[str, Callable[[Driver, Any, Wait, float | None], Iterator[DialogueStep]]] = {
    "source meter": source_meter, "pulse generator": pulse_generator, "oscilloscope": oscilloscope,
    "pulse measure unit": pulse_measure, "switch matrix": switch_matrix, "prober": prober,
    "temperature controller": temperature_controller, "decade box": decade_box,
}
