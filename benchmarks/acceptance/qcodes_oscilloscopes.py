"""QCoDeS' driver of the Tektronix MSO/DPO5000 and DPO7000, judged by the true waveform at the resistor.

The driver never sends ``HEADer OFF``, and it asks for the units of all four channels when it is opened. The opening
does what a user of the instrument must do before: headers off, all channels on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import TESTED, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, qcodes_opening, same
from benchmarks.acceptance.judging import crossings, width_at_half
from benchmarks.acceptance.scope_levels import levels_are_true, screen, true_levels

SCOPES = ("tektronix_dpo7254c", "tektronix_mso5104b")
GENERATOR = "keysight_33622a"
#: pulses of 100 us every 500 us, 0 V to 1 V
PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")


def _dpo() -> Any:
    from qcodes.instrument_drivers.tektronix.DPO7200xx import TektronixDPO7000xx

    return TektronixDPO7000xx


@contextmanager
def _opening(bench: OpenBench) -> Iterator[Any]:
    bench.send("*CLS", "HEADer OFF", *(f"SELect:CH{number} ON" for number in (1, 2, 3, 4)), name=TESTED)
    with qcodes_opening(_dpo, timeout=20)(bench) as scope:
        yield scope


TEKTRONIX_DPO = Driver("qcodes", "TektronixDPO7000xx", SCOPES, _opening, GENERATOR)
DRIVERS = (TEKTRONIX_DPO,)


def _events(bench: OpenBench) -> str:
    """Return the register and the events of the instrument."""
    return bench.ask("*ESR?;:ALLEv?")


def _prepare(scope: Any, bench: OpenBench) -> None:
    """Set up one record of 1 ms of the pulses, triggered on their rising edge."""
    bench.send(*PULSES)
    channel, horizontal, trigger = scope.channel[0], scope.horizontal, scope.trigger
    channel.scale(0.2)
    channel.offset(0.5)
    horizontal.mode("manual")
    horizontal.sample_rate(1e8)
    horizontal.record_length(100_000)
    horizontal.position(30)
    trigger.type("edge")
    trigger.source("CH1")
    trigger.edge_slope("rise")
    trigger.level(0.5)
    channel.set_trace_length(100_000)
    scope.data.encoding("RIBinary")
    scope.waveform.bytes_per_sample(2)
    scope.acquisition.stop_after("SEQUENCE")
    scope.acquisition.state("RUN")
    same("complete", scope.ask("*OPC?"), "1")


@TEKTRONIX_DPO.case
def identifies_itself(scope: Any, bench: OpenBench) -> None:
    """The driver reads maker and model."""
    same("vendor", scope.get_idn()["vendor"], "TEKTRONIX")
    same("no event", _events(bench)[:2], "0;")


@TEKTRONIX_DPO.case
def settings_read_back(scope: Any, bench: OpenBench) -> None:
    """Scale, position, termination, coupling, record and trigger are what was set."""
    channel = scope.channel[1]
    channel.scale(0.5)
    channel.position(-2)
    channel.termination(50)
    same("channel", (channel.scale(), channel.position(), channel.termination(), channel.coupling()),
         (0.5, -2.0, 50.0, "DC"))
    scope.horizontal.mode("manual")
    scope.horizontal.sample_rate(1e9)
    scope.horizontal.record_length(5000)
    same("horizontal", (scope.horizontal.sample_rate(), scope.horizontal.record_length()), (1e9, 5000.0))
    close_to("scale", scope.horizontal.scale(), 5e-7, 1e-12)
    scope.trigger.source("CH2")
    scope.trigger.level(0.25)
    same("trigger", (scope.trigger.source(), scope.trigger.level(), scope.trigger.edge_coupling()),
         ("CH2", 0.25, "dc"))
    same("no event", _events(bench)[:2], "0;")


@TEKTRONIX_DPO.case
def record_has_the_levels_of_the_generator(scope: Any, bench: OpenBench) -> None:
    """Levels within the vertical accuracy, width in time."""
    _prepare(scope, bench)
    volts = scope.channel[0].waveform.trace()
    times = np.arange(len(volts)) * scope.channel[0].waveform.x_increment()
    true_times, true_volts = bench.waveform(1e-3, 100_001)
    found = levels_are_true(volts, bench, screen(bench, 0.5, scale=0.2))
    true_width = width_at_half(true_times, true_volts, 0.0, 1.0)
    close_to("width", width_at_half(times, volts, found.low, found.high), true_width, 1e-7)
    same("no event", _events(bench)[:2], "0;")


@TEKTRONIX_DPO.case
def formats_tell_the_same_volts(scope: Any, bench: OpenBench) -> None:
    """Signed and unsigned, either byte order, ASCII."""
    _prepare(scope, bench)
    scope.channel[0].set_trace_length(40_000)   # the edge is at 30 %
    traces = []
    for encoding in ("RIBinary", "RPBinary", "SRIbinary", "ASCIi"):
        scope.data.encoding(encoding)
        traces.append(scope.channel[0].waveform.trace())
    levels_are_true(traces[0], bench, screen(bench, 0.5, scale=0.2))
    for trace in traces[1:]:
        close_to("difference", float(np.abs(trace - traces[0]).max()), 0.0, 1e-9)


@TEKTRONIX_DPO.case
def axis_is_the_time_after_the_trigger(scope: Any, bench: OpenBench) -> None:
    """The edge that triggers is at time 0."""
    _prepare(scope, bench)
    wave = scope.channel[0].waveform
    volts, times = wave.trace(), wave.trace_axis()
    up = crossings(times, volts, 0.5, True)
    close_to("edge at the trigger", float(up[np.argmin(np.abs(up))]), 0.0, 1e-7)


@TEKTRONIX_DPO.case
def axis_has_the_sample_interval(scope: Any, bench: OpenBench) -> None:
    """Two points are one sample interval apart."""
    _prepare(scope, bench)
    wave = scope.channel[0].waveform
    scope.channel[0].set_trace_length(100)
    times = wave.trace_axis()
    close_to("interval", float(times[1] - times[0]), wave.x_increment(), 1e-12)


@TEKTRONIX_DPO.case
def measurements_of_the_pulses(scope: Any, bench: OpenBench) -> None:
    """Frequency, width and amplitude."""
    _prepare(scope, bench)
    found = scope.measurement[0]
    found.source1("CH1")
    close_to("frequency", found.frequency(), 2000.0, 1.0)
    close_to("width", found.pwidth(), 1e-4, 1e-7)
    swing = true_levels(bench).swing
    close_to("amplitude", found.amplitude(), swing, screen(bench, 0.5, scale=0.2).swing_bound(swing))
    scope.measure_immediate.source1("CH1")
    scope.measure_immediate.type("PERIod")
    close_to("period", scope.measure_immediate.value(), 5e-4, 1e-6)
    same("unit", scope.measure_immediate.units(), "s")


@TEKTRONIX_DPO.case
def channel_4_triggers(scope: Any, bench: OpenBench) -> None:
    """The trigger takes every channel that there is."""
    scope.trigger.source("CH4")
    same("source", scope.trigger.source(), "CH4")


@TEKTRONIX_DPO.case
def high_resolution_is_set(scope: Any, bench: OpenBench) -> None:
    """The acquisition mode "high_res" of the driver is the mode of the instrument."""
    scope.acquisition.mode("high_res")
    bench.carried_out()
    same("mode", bench.ask("ACQuire:MODe?"), "HIRES")


@TEKTRONIX_DPO.case
def eight_measurements(scope: Any, bench: OpenBench) -> None:
    """The instrument has eight measurements."""
    same("measurements", len(scope.measurement), 8)


@TEKTRONIX_DPO.case
def opens_with_one_channel_on(scope: Any, bench: OpenBench) -> None:
    """The driver can be opened when the instrument is as it leaves a reset: channel 1 is on."""
    bench.send("*RST", name=TESTED)
    more = {"terminator": "\n"} if bench.is_socket else {}
    second = _dpo()("second", bench.resource, visalib=bench.library, timeout=10, **more)
    second.close()
