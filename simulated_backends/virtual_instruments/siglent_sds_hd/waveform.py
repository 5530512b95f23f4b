"""Reading records out of an SDS HD: ``:WAVeform``; automatic set-up, measurements, screen."""

import math
import struct
from collections.abc import Mapping

import numpy as np

from tsbench.simulated_backends.lecroy.descriptor import descriptor, steps_index
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Integer, OnOrOff, Optional, Text
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition
from tsbench.simulated_backends.virtual_instruments.oscilloscope.input_watch import watch_inputs
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.parameters import SdsSource, SdsWord
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.settings import SdsTable

_DIGITS = 9
_CODES = 7680.0  #: in a division, of a sample in 16 bits
_BITS = 12
_COUPLINGS = {"DC": 0, "AC": 1, "GND": 2}
_LOOK, _SET_UP, _PERIODS = 0.04, 2.0, 3.0  #: [s], [s]; periods that an automatic set-up shows
_SHORTEST_TIME = 100e-12  #: [s/div] one step below the first of the descriptor's list
#: name -> measurement
_MEASURED: Mapping[str, measurements.Measurement] = {
    "PKPK": measurements.peak_to_peak, "MAX": measurements.maximum, "MIN": measurements.minimum,
    "AMPL": measurements.amplitude, "TOP": measurements.top, "BASE": measurements.base, "MEAN": measurements.average,
    "RMS": measurements.rms, "PER": measurements.period, "FREQ": measurements.frequency, "PWID": measurements.width,
    "RISE": measurements.transition, "DUTY": measurements.duty_cycle,
}


class SdsWaveformCommands(SdsTable):
    """What ``:WAVeform`` does, and ``:PRINt?``."""

    wave_source = Setting(":WAVeform:SOURce", SdsSource(), default="C1")
    wave_start = Setting(":WAVeform:STARt", Integer("", 0, 10**9), default=0)
    wave_interval = Setting(":WAVeform:INTerval", Integer("", 0, 10**9), default=1)
    wave_points = Setting(":WAVeform:POINt", Integer("", 0, 10**9), default=0)
    wave_width = Setting(":WAVeform:WIDTh", SdsWord("BYTE", "WORD"), default="BYTE")
    wave_order = Setting(":WAVeform:BYTeorder", SdsWord("LSB", "MSB"), default="LSB")

    @command(":WAVeform:SEQuence", Integer("", 0, 10**6), Optional(Integer("", 0, 10**6)))
    def choose_frames(self, frame: int, first: int = 1) -> None:
        """``:WAV:SEQ 0,1``: frame 0 stands for all from the second number on."""
        self.setting_values["frames", ()] = (frame, first)

    @command(":WAVeform:SEQuence?")
    def _frames_chosen(self) -> str:
        frame, first = self.setting_values.get(("frames", ()), (1, 1))
        return f"{frame},{first}"

    @command(":WAVeform:MAXPoint?")
    def _most(self) -> str:
        return str(self.data_sheet.most_transferred)

    @property
    def _channel(self) -> int:
        return int(self.wave_source[1:])

    def _acquisition(self) -> Acquisition:
        acquisition = self.scope.memory.acquisition
        if acquisition is None or not self.scope.memory.has(self._channel):
            raise ScpiError(-230)
        return acquisition

    def _frames(self, acquisition: Acquisition) -> range:
        count = 1 if acquisition.plan.averaged else len(acquisition.records)
        frame, first = self.setting_values.get(("frames", ()), (1, 1))
        if count == 1:
            return range(1)
        return range(min(max(first, 1), count) - 1, count) if frame == 0 else range(
            min(frame, count) - 1, min(frame, count))

    def _window(self, total: int) -> tuple[int, int]:
        """Return the first sample and the number of points of one piece."""
        stride = max(self.wave_interval, 1)
        points = math.ceil(max(total - self.wave_start, 0) / stride)
        return stride, min(points, self.wave_points or points, self.data_sheet.most_transferred)

    @command(":WAVeform:DATA?")
    def data(self) -> Handler:
        """``:WAV:DATA?``: codes about mid-screen of the chosen frames, one after the other."""
        yield from self.scope.control.snapshot()
        acquisition = self._acquisition()
        stride, points = self._window(acquisition.plan.sampling.points)
        parts = []
        for frame in self._frames(acquisition):
            codes = self.scope.memory.signed(self._channel, 1, frame)[self.wave_start::stride][:points]
            if self.wave_width == "BYTE":
                parts.append((codes >> 8).astype(np.int8).tobytes())
            else:
                parts.append(codes.astype("<i2" if self.wave_order == "LSB" else ">i2").tobytes())
        return definite_block(b"".join(parts), _DIGITS) + b"\n"

    @command(":WAVeform:PREamble?")
    def preamble(self) -> Handler:
        """``:WAV:PRE?``: the descriptor; in sequence mode the time of each frame follows."""
        yield from self.scope.control.snapshot()
        acquisition = self._acquisition()
        plan, one = acquisition.plan, self.panel.channels[self._channel]
        shown, frames = plan.channels[self._channel], self._frames(acquisition)
        stride, points = self._window(plan.sampling.points)
        size = 1 if self.wave_width == "BYTE" else 2
        block = descriptor({
            "template_name": b"WAVEACE", "instrument_name": b"Siglent SDS", "comm_type": size - 1,
            "comm_order": int(self.wave_order == "MSB"), "wave_array_1": points * size * len(frames),
            "wave_array_count": points, "first_point": self.wave_start, "sparsing_factor": stride,
            "subarray_count": len(frames), "sweeps_per_acquisition": len(acquisition.records),
            "vertical_gain": shown.scale / shown.probe, "vertical_offset": -shown.offset / shown.probe,
            "max_value": _CODES, "nominal_bits": _BITS, "nominal_subarray_count": frames[0] + 1,
            "horizontal_interval": plan.sampling.interval, "horizontal_offset": self.panel.position,
            "timebase": steps_index(self.panel.time_scale, _SHORTEST_TIME) - 1,
            "vertical_coupling": _COUPLINGS[one.coupling], "probe_attenuation": shown.probe,
            "fixed_vertical_gain": steps_index(shown.scale / shown.probe, 1e-6),
            "bandwidth_limit": {None: 0, self.data_sheet.limited_bandwidth: 1}.get(one.limit, 2),
            "wave_source": self._channel - 1,
        })
        if len(acquisition.records) > 1 and not plan.averaged:
            block += b"".join(self._stamp(acquisition, frame) for frame in frames)
        return definite_block(block, _DIGITS)

    @staticmethod
    def _stamp(acquisition: Acquisition, frame: int) -> bytes:
        """Return the time of a frame as the instrument's clock has it: seconds, minute, hour, day, month, year."""
        seconds = acquisition.records[frame].trigger / (1 + acquisition.plan.timebase_error)
        minutes, rest = divmod(seconds, 60.0)
        hours, minute = divmod(int(minutes), 60)
        return struct.pack("<dBBBBhh", rest, minute, hours % 24, 1 + hours // 24, 1, 2026, 0)

    @command(":PRINt?", SdsWord("BMP", "PNG"))
    def print_screen(self, form: str) -> Handler:
        """``:PRIN? PNG``: the screen."""
        yield from self.scope.control.snapshot()
        traces = {number: self.scope.memory.heights(number) for number in self.panel.shown_channels()
                  if self.scope.memory.has(number)}
        return draw_screen(traces, form)


class SdsMeasureCommands(SdsTable):
    """What ``:MEASure`` does, and ``:AUToset``."""

    measuring = Setting(":MEASure", OnOrOff(), default=False)
    measure_mode = Setting(":MEASure:MODE", SdsWord("SIMPle", "ADVanced"), default="SIMP")
    simple_source = Setting(":MEASure:SIMPle:SOURce", SdsSource(), default="C1")
    lines_shown = Setting(":MEASure:ADVanced:LINenumber", Integer("", 1, 12), default=5)
    item_on = Setting(":MEASure:ADVanced:P<1-12>", OnOrOff(), default=False)
    item_source = Setting(":MEASure:ADVanced:P<1-12>:SOURce1", SdsSource(), default="C1")
    item_second = Setting(":MEASure:ADVanced:P<1-12>:SOURce2", SdsSource(), default="C2")
    item_type = Setting(":MEASure:ADVanced:P<1-12>:TYPE", SdsWord(*_MEASURED), default="PKPK")
    statistics_on = Setting(":MEASure:ADVanced:STATistics", OnOrOff(), default=False)

    def _value(self, name: str, source: str) -> str:
        trace = self.scope.memory.measured(int(source[1:]), self.panel.position)
        with np.errstate(all="ignore"):
            value = math.nan if trace is None else _MEASURED[name](trace)
        return self.format_number(value)

    @command(":MEASure:SIMPle:VALue?", SdsWord(*_MEASURED))
    def simple_value(self, name: str) -> Handler:
        """``:MEAS:SIMP:VAL? FREQ``."""
        yield from self.scope.control.snapshot()
        return self._value(name, self.simple_source)

    @command(":MEASure:ADVanced:P<1-12>:VALue?")
    def item_value(self, item: int) -> Handler:
        """``:MEAS:ADV:P1:VAL?``."""
        yield from self.scope.control.snapshot()
        return self._value(self.item_type[item], self.item_source[item])

    @command(":MEASure:ADVanced:P<1-12>:STATistics?", Text(bare=True))
    def item_statistics(self, item: int, which: str) -> Handler:
        """``:MEAS:ADV:P1:STAT? CURRent``: OFF while there are no statistics."""
        if not self.statistics_on:
            return "OFF"
        yield from self.scope.control.snapshot()
        return self._value(self.item_type[item], self.item_source[item])

    @command(":MEASure:ADVanced:CLEar")
    def clear_items(self) -> None:
        """``:MEAS:ADV:CLE``."""
        for item in range(1, 13):
            self.item_on[item] = False

    @command(":AUToset")
    def set_up(self) -> Handler:
        """``:AUT``: an automatic set-up that shows what is at the inputs."""
        self.scope.control.abandon()
        watch = yield from watch_inputs(self.scope.bench, _LOOK)
        yield _SET_UP - _LOOK
        self.scope.fit_to(watch, _PERIODS)
        self.scope.control.run()
