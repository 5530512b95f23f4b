"""Reading records out of a WaveSurfer: ``WFSU``, ``WF?``, ``SCDP``; and ``VBS`` as far as programs need it."""

import math
import re
import struct

import numpy as np

from tsbench.simulated_backends.lecroy.descriptor import descriptor, steps_index
from tsbench.simulated_backends.lecroy.execution import RawReply
from tsbench.simulated_backends.lecroy.parameters import LecroyWord
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Text
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.transferring import TransferCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition

_DIGITS = 9
_COUPLINGS = {("DC", "50"): 0, ("GND", "1M"): 1, ("DC", "1M"): 2, ("GND", "50"): 3, ("AC", "1M"): 4}
_VBS = re.compile(r"(?:return\s*=\s*)?app\.acquisition\.([\w.()\"]+?)(?:\.value)?", re.IGNORECASE)
_VBS_SET = re.compile(r"app\.acquisition\.([\w.()\"]+?)(?:\.value)?\s*=\s*(.+)", re.IGNORECASE)
_MODES = {"AUTO": "Auto", "NORM": "Normal", "SINGLE": "Single", "STOP": "Stopped"}


class WaveSurferWaveform(TransferCommands):
    """Run control, records and the screen."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.transfer = {"SP": 0, "NP": 0, "FP": 0, "SN": 0}

    def _segments(self, acquisition: Acquisition) -> range:
        count = 1 if acquisition.plan.averaged else len(acquisition.records)
        chosen = self.transfer["SN"]
        return range(min(chosen, count) - 1, min(chosen, count)) if chosen else range(count)

    @command("C<1-4>:WF?", LecroyWord("DESC", "TEXT", "TIME", "DAT1", "DAT2", "ALL"))
    def waveform(self, channel: int, part: str) -> Handler:
        """``C1:WF? DAT1``: codes about mid-screen; DESC: their descriptor; TIME: times of segments; ALL: everything."""
        self.control.look()
        yield from self.control.snapshot()
        acquisition = self.memory.acquisition
        if acquisition is None or not self.memory.has(channel):
            raise ScpiError(-221)
        data = self._codes(acquisition, channel)
        times = self._times(acquisition)
        head = self._descriptor(acquisition, channel, len(data), len(times))
        found = {"DESC": head, "TIME": times, "DAT1": data, "ALL": head + times + data}.get(part, b"")
        return part.encode() + b"," + definite_block(found, _DIGITS) + b"\n"

    @property
    def _wide(self) -> bool:
        return str(self.setting_values.get(("code_width", ()), "WORD")) == "WORD"

    @property
    def _order(self) -> str:
        return "<" if self.setting_values.get(("code_order", ()), "HI") == "LO" else ">"

    def _codes(self, acquisition: Acquisition, channel: int) -> bytes:
        first, wanted, stride = self.transfer["FP"], self.transfer["NP"], max(self.transfer["SP"], 1)
        parts = []
        for segment in self._segments(acquisition):
            codes = self.memory.signed(channel, 1, segment)[first::stride]
            codes = codes[:wanted] if wanted else codes
            parts.append(codes.astype(f"{self._order}i2").tobytes() if self._wide
                         else (codes >> 8).astype(np.int8).tobytes())
        return b"".join(parts)

    def _times(self, acquisition: Acquisition) -> bytes:
        if len(acquisition.records) == 1 or acquisition.plan.averaged:
            return b""
        begun = acquisition.records[0].trigger
        rate = 1 + acquisition.plan.timebase_error
        return b"".join(
            struct.pack(f"{self._order}dd", (acquisition.records[number].trigger - begun) / rate,
                        acquisition.plan.first_sample)
            for number in self._segments(acquisition))

    def _descriptor(self, acquisition: Acquisition, channel: int, size: int, times: int) -> bytes:
        plan, one = acquisition.plan, self.panel.channels[channel]
        shown, stride, width = plan.channels[channel], max(self.transfer["SP"], 1), 2 if self._wide else 1
        total = plan.sampling.points * len(acquisition.records)
        fine = 256.0 if self._wide else 1.0
        return descriptor({
            "template_name": b"LECROY_2_3", "comm_type": width - 1, "trigtime_array": times, "wave_array_1": size,
            "instrument_name": f"LECROY{self.data_sheet.name}".encode(), "wave_array_count": size // width,
            "points_per_screen": plan.sampling.points, "last_valid_point": total - 1,
            "first_point": self.transfer["FP"], "sparsing_factor": stride, "segment_index": self.transfer["SN"],
            "subarray_count": 1 if plan.averaged else len(acquisition.records), "sweeps_per_acquisition": 1,
            "vertical_gain": shown.step / fine, "vertical_offset": -shown.offset, "max_value": 127.0 * fine,
            "min_value": -128.0 * fine, "nominal_bits": self.data_sheet.resolution_bits,
            "nominal_subarray_count": self.panel.segments,
            "horizontal_interval": plan.sampling.interval, "horizontal_offset": plan.first_sample,
            "pixel_offset": plan.first_sample, "vertical_unit": b"V", "horizontal_unit": b"S",
            "acquisition_duration": plan.pre + plan.post, "timebase": steps_index(self.panel.time_scale),
            "vertical_coupling": _COUPLINGS.get((one.coupling, one.impedance), 2), "probe_attenuation": shown.probe,
            "fixed_vertical_gain": steps_index(shown.scale / shown.probe, 1e-6), "vertical_vernier": 1.0,
            "bandwidth_limit": int(one.limit is not None), "wave_source": channel - 1,
        }, self._order == "<")

    @command("SCDP")
    def dump_screen(self) -> Handler:
        """``SCDP``: the screen as a picture, without header and block."""
        yield from self.control.snapshot()
        return RawReply(self.picture("PNG"))

    # ------------------------------------------------------------------------------------------ automation

    @command("VBS?", Text())
    def ask_automation(self, text: str) -> str:
        """``VBS? 'return=app.Acquisition.TriggerMode'``: a variable of the acquisition."""
        found = _VBS.fullmatch(text.strip())
        name = found[1].lower() if found else ""
        mode = "STOP" if not self.control.running else self.panel.sweep if self.control.continuous else "SINGLE"
        values = {
            "triggermode": _MODES[mode], "horizontal.horscale": f"{self.panel.time_scale:g}",
            "horizontal.horoffset": f"{-self.panel.position:g}",
            "horizontal.samplingrate": f"{self.panel.sampling().rate:g}",
            "horizontal.numpoints": f"{self.panel.sampling().points:g}",
            "horizontal.maxsamples": f"{self.panel.memory:g}",
        }
        for number, one in self.panel.channels.items():
            values |= {f"c{number}.verscale": f"{one.scale:g}", f"c{number}.veroffset": f"{-one.middle:g}",
                       f"c{number}.view": "-1" if one.shown else "0"}
        if name not in values:
            raise ScpiError(-224)
        return values[name]

    @command("VBS", Text())
    def automate(self, text: str) -> Handler | None:
        """``VBS 'app.Acquisition.TriggerMode = "Single"'``: set a variable of the acquisition."""
        found = _VBS_SET.fullmatch(text.strip())
        if found is None:
            raise ScpiError(-224)
        name, value = found[1].lower(), found[2].strip().strip('"')
        if name == "triggermode":
            word = next((word for word, written in _MODES.items() if written.lower() == value.lower()), None)
            if word is None:
                raise ScpiError(-224)
            mode: Handler | None = self.set_mode(word)
            return mode
        try:
            number = float(value)
        except ValueError:
            raise ScpiError(-104) from None
        if not math.isfinite(number):
            raise ScpiError(-104)
        if name == "horizontal.horscale":
            self.set_time_scale(number)
        elif (channel := re.fullmatch(r"c([1-4])\.(verscale|veroffset|view)", name)) is not None:
            one = int(channel[1])
            if channel[2] == "verscale":
                self.panel.set_scale(one, number)
            elif channel[2] == "veroffset":
                self.panel.set_middle(one, -number)
            else:
                self.panel.channels[one].shown = bool(number)
        else:
            raise ScpiError(-224)
        return None
