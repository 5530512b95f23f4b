"""Other authors' drivers of InfiniiVision oscilloscopes: PyMeasure's KeysightDSOX1102G, python-ivi's DSOX3054A.

A generator beside the oscilloscope, on the same resistor, makes the waveform. It is set by its own commands, and the
record is compared with the true voltage at the resistor.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, same
from benchmarks.acceptance.judging import crossings, width_at_half
from benchmarks.acceptance.scope_levels import levels_are_true, screen, true_levels

SCOPES = ("keysight_dsox1102g", "keysight_dsox3054t", "keysight_dsox3034t")
IVI_SCOPES = ("keysight_dsox3054a", "keysight_dsox3054t")
GENERATOR = "keysight_33622a"
SQUARE = ("*RST", "OUTP1:LOAD INF", "FUNC SQU", "FREQ 1000", "VOLT:HIGH 2", "VOLT:LOW 0", "OUTP1 ON")
#: pulses of 100 us every 500 us, 0 V to 1 V
PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")
CLIPPED_LOW, CLIPPED_HIGH = 0x0001, 0xFFFF  #: codes of 16 bits (4000 X-Series programmer's guide, :WAVeform:DATA)


def _dsox1102g() -> Any:
    from pymeasure.instruments.keysight import KeysightDSOX1102G

    return KeysightDSOX1102G


DSOX1102G = Driver("pymeasure", "KeysightDSOX1102G", SCOPES, pymeasure_opening(_dsox1102g), GENERATOR)


def record(scope: Any, source: str = "channel1", points: int = 10000) -> tuple[Any, Any]:
    """Return times [s] and volts of the class's record."""
    volts, preamble = scope.download_data(source, points=points)
    times = preamble["xorigin"] + np.arange(len(volts)) * preamble["xincrement"]
    return times, volts


def triggered(scope: Any, level: float) -> None:
    """Set the trigger, which the class cannot, and digitise."""
    scope.write(":TRIG:SWE NORM")
    scope.write(":TRIG:EDGE:SOUR CHAN1")
    scope.write(f":TRIG:EDGE:LEV {level}")
    scope.digitize("channel1")
    assert scope.ask("*OPC?").strip() == "1"


@DSOX1102G.case
def identifies_itself(scope: Any, bench: OpenBench) -> None:
    """The class reads maker and model."""
    assert "KEYSIGHT" in scope.id.upper(), scope.id


@DSOX1102G.case
def record_is_the_generators_waveform(scope: Any, bench: OpenBench) -> None:
    """Levels within the vertical accuracy, edges and width in time."""
    bench.send(*PULSES)
    scope.ch1.probe_attenuation = 1
    scope.ch1.range, scope.ch1.offset = 2.0, 0.5
    scope.timebase_range, scope.timebase_offset = 1e-3, 2e-4
    triggered(scope, 0.5)
    times, volts = record(scope)
    true_times, true_volts = bench.waveform(1e-3, 100_001)
    found = levels_are_true(volts, bench, screen(bench, 0.5, full_scale=2.0))
    up = crossings(times, volts, 0.5, True)
    close_to("edge at the trigger", float(up[np.argmin(np.abs(up))]), 0.0, 3e-7)
    true_width = width_at_half(true_times, true_volts, 0.0, 1.0)
    close_to("width", width_at_half(times, volts, found.low, found.high), true_width, 3e-7)
    same("errors", bench.errors(), [])


@DSOX1102G.case
def clipped_points_have_their_codes(scope: Any, bench: OpenBench) -> None:
    """What is beyond the screen is clipped: code 0xFFFF above, 0x0001 below."""
    bench.send(*SQUARE)
    scope.ch1.probe_attenuation = 1
    scope.ch1.range, scope.ch1.offset = 0.8, 1.0
    scope.timebase_range = 5e-3
    triggered(scope, 1.0)
    for message in (":WAV:FORM WORD", ":WAV:SOUR CHAN1", ":WAV:POIN:MODE RAW", ":WAV:UNS 1", ":WAV:BYT MSBF"):
        scope.write(message)
    codes = scope.adapter.connection.query_binary_values(":WAV:DATA?", "H", is_big_endian=True)
    found = {CLIPPED_LOW, CLIPPED_HIGH} & set(codes)
    same("clip codes in the record", found, {CLIPPED_LOW, CLIPPED_HIGH})


@DSOX1102G.case
def settings_read_back(scope: Any, bench: OpenBench) -> None:
    """``current_configuration`` is what was set."""
    scope.ch1.setup(bwlimit=True, coupling="dc", display=True, invert=False, offset=0.5, probe_attenuation=10,
                    vertical_range=16.0)
    found = scope.ch1.current_configuration
    close_to("range", found["RANG"], 16.0, 1e-3)
    close_to("offset", found["OFFS"], 0.5, 1e-3)
    close_to("probe", found["PROB"], 10.0, 1e-3)
    same("switches", [found[name] for name in ("BWL", "DISP", "INV", "COUP")], [True, True, False, "DC"])
    scope.timebase_setup(mode="main", horizontal_range=2e-3, offset=1e-4)
    close_to("time range", scope.timebase["MAIN:RANG"], 2e-3, 1e-9)


@DSOX1102G.case
def short_time_scale(scope: Any, bench: OpenBench) -> None:
    """100 ns a division, as the class documents."""
    scope.timebase_scale = 1e-7
    close_to("scale", scope.timebase_scale, 1e-7, 1e-12)


@DSOX1102G.case
def digitize_is_finished_when_it_returns(scope: Any, bench: OpenBench) -> None:
    """``digitize``, and then the record, without a wait between them: the record is the one that was triggered."""
    bench.send(*SQUARE)
    scope.ch1.probe_attenuation = 1
    scope.ch1.range, scope.ch1.offset = 4.0, 1.0
    scope.timebase_range = 2e-3
    scope.digitize("channel1")
    _, volts = record(scope)
    shown, true = screen(bench, 1.0, full_scale=4.0), true_levels(bench)
    levels_are_true(volts, bench, shown)
    close_to("peak to peak", float(np.ptp(volts)), true.swing, shown.swing_bound(true.swing) + 2.0 * shown.noise())


@DSOX1102G.case
def label_reads_back(scope: Any, bench: OpenBench) -> None:
    """A label is returned as it was set."""
    scope.ch1.label = "DRIVE"
    same("label", scope.ch1.label, "DRIVE")


@DSOX1102G.case
def picture_is_a_png(scope: Any, bench: OpenBench) -> None:
    """The picture has the signature of a PNG file, and no error is left."""
    assert bytes(scope.download_image()[:8]) == b"\x89PNG\r\n\x1a\n"
    same("errors", bench.errors(), [])


@DSOX1102G.provoking(-113)
def unknown_header_is_an_error(scope: Any, bench: OpenBench) -> None:
    """-113 stands in the queue."""
    scope.write(":NONSENSE 1")
    same("error codes", [int(float(error[0])) for error in scope.check_errors()], [-113])


# -------------------------------------------------------------------------------------------- python-ivi


class _Wire:
    """The interface object that python-ivi's drivers accept instead of an address, over a session of pyvisa."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def write_raw(self, data: bytes) -> None:
        """Send bytes."""
        self._session.write_raw(data if data.endswith(b"\n") else data + b"\n")

    def read_raw(self, num: int = -1) -> bytes:
        """Read a whole reply (``num`` < 0), or some bytes of it."""
        return bytes(self._session.read_raw() if num < 0 else self._session.read_bytes(num))

    def write(self, message: Any, encoding: str = "utf-8") -> None:
        """Send one message or several."""
        for one in message if isinstance(message, list | tuple) else [message]:
            self.write_raw(str(one).encode(encoding))

    def read(self, num: int = -1, encoding: str = "utf-8") -> str:
        """Read a text."""
        return self.read_raw(num).decode(encoding).rstrip("\r\n")

    def ask(self, message: Any, num: int = -1, encoding: str = "utf-8") -> Any:
        """Send and read."""
        if isinstance(message, list | tuple):
            return [self.ask(one, num, encoding) for one in message]
        self.write(message, encoding)
        return self.read(num, encoding)

    def clear(self) -> None:
        """Send a device clear."""
        self._session.clear()

    def trigger(self) -> None:
        """Send a trigger."""
        self._session.assert_trigger()

    def close(self) -> None:
        """Close the session."""
        self._session.close()


@contextmanager
def _ivi_opening(bench: OpenBench) -> Iterator[Any]:
    import pyvisa
    from ivi.agilent.agilentDSOX3054A import agilentDSOX3054A

    manager = pyvisa.ResourceManager(bench.library)
    session: Any = manager.open_resource(bench.resource, timeout=10_000)
    if bench.is_socket:
        session.read_termination = "\n"
    driver = agilentDSOX3054A(_Wire(session), reset=True)
    try:
        yield driver
    finally:
        session.close()


#: a raw socket ends no reply but by newlines, which its binary blocks contain: this driver reads whole replies
IVI_DSOX3054A = Driver("python-ivi", "agilentDSOX3054A", IVI_SCOPES, _ivi_opening, GENERATOR, ("in process", "hislip"))


@IVI_DSOX3054A.case
def fetched_waveform_is_the_true_one(scope: Any, bench: OpenBench) -> None:
    """IVI's ``fetch_waveform`` (WORD codes) has the levels, the edge and the width of the generator's pulse."""
    bench.send(*PULSES)
    channel = scope.channels[0]
    channel.range, channel.offset, channel.enabled = 2.0, 0.5, True
    scope.acquisition.time_per_record = 1e-3
    scope.trigger.type = "edge"
    scope.trigger.source = "channel1"
    scope.trigger.level = 0.5
    scope.trigger.edge.slope = "positive"
    scope.measurement.initiate()
    times, volts = np.array(channel.measurement.fetch_waveform()).T
    true_times, true_volts = bench.waveform(1e-3, 100_001)
    found = levels_are_true(volts, bench, screen(bench, 0.5, full_scale=2.0))
    up = crossings(times, volts, 0.5, True)
    close_to("edge at the trigger", float(up[np.argmin(np.abs(up))]), 0.0, 1.5e-6)
    true_width = width_at_half(true_times, true_volts, 0.0, 1.0)
    close_to("width", width_at_half(times, volts, found.low, found.high), true_width, 2e-6)


@IVI_DSOX3054A.case
def channel_settings_read_back(scope: Any, bench: OpenBench) -> None:
    """Range, offset, coupling and impedance are what was set."""
    channel = scope.channels[1]
    channel.range, channel.offset, channel.coupling, channel.input_impedance = 4.0, 0.5, "dc", 1_000_000
    scope.driver_operation.cache = False
    close_to("range", channel.range, 4.0, 1e-6)
    close_to("offset", channel.offset, 0.5, 1e-6)
    same("coupling", channel.coupling, "dc")
    close_to("impedance", channel.input_impedance, 1e6, 1)


@IVI_DSOX3054A.case
def measured_values(scope: Any, bench: OpenBench) -> None:
    """The instrument's own measurements are those of the waveform."""
    bench.send(*SQUARE)
    channel = scope.channels[0]
    channel.range, channel.offset = 4.0, 1.0
    scope.acquisition.time_per_record = 5e-3
    scope.trigger.level = 1.0
    scope.measurement.initiate()
    close_to("frequency", channel.measurement.fetch_waveform_measurement("frequency"), 1e3, 5.0)
    swing = true_levels(bench).swing
    close_to("amplitude", channel.measurement.fetch_waveform_measurement("amplitude"), swing,
             screen(bench, 1.0, full_scale=4.0).swing_bound(swing))


@IVI_DSOX3054A.case
def screenshot_is_a_picture(scope: Any, bench: OpenBench) -> None:
    """``display.fetch_screenshot`` returns a PNG file."""
    assert bytes(scope.display.fetch_screenshot("png")[:8]) == b"\x89PNG\r\n\x1a\n"


@IVI_DSOX3054A.case
def identity_by_ivi(scope: Any, bench: OpenBench) -> None:
    """The driver reads maker and model."""
    assert "3054" in scope.identity.instrument_model, scope.identity.instrument_model
    assert "KEYSIGHT" in scope.identity.instrument_manufacturer.upper()


DRIVERS = (DSOX1102G, IVI_DSOX3054A)
