"""Reading records out of a WaveSurfer: ``WFSU``, ``WF?``."""

import struct
from collections.abc import Generator

import numpy as np

from tsbench.simulated_backends.lecroy.descriptor import descriptor, steps_index, time_stamp
from tsbench.simulated_backends.lecroy.parameters import LecroyWord
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Optional
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.transferring import TransferCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition

_DIGITS = 9
_COUPLINGS = {("DC", "50"): 0, ("GND", "1M"): 1, ("DC", "1M"): 2, ("GND", "50"): 3, ("AC", "1M"): 4}


class WaveSurferWaveform(TransferCommands):
    """Run control, records and the screen."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.transfer = {"SP": 0, "NP": 0, "FP": 0, "SN": 0}

    def _segments(self, acquisition: Acquisition) -> range:
        count = 1 if acquisition.plan.averaged else len(acquisition.records)
        chosen = self.transfer["SN"]
        return range(min(chosen, count) - 1, min(chosen, count)) if chosen else range(count)

    @command("C<1-4>:WF?", Optional(LecroyWord("DESC", "TEXT", "TIME", "DAT1", "DAT2", "ALL")))
    def waveform(self, channel: int, part: str = "ALL") -> Handler:
        """``C1:WF? DAT1``: codes about mid-screen; DESC: their descriptor; TIME: times of segments; ALL: everything."""
        acquisition = yield from self.acquired(channel)
        head, data = self.parts(acquisition, channel)
        times = self._times(acquisition)
        found = {"DESC": head, "TIME": times, "DAT1": data, "ALL": head + times + data}.get(part, b"")
        return part.encode() + b"," + definite_block(found, _DIGITS) + b"\n"

    def parts(self, acquisition: Acquisition, channel: int) -> tuple[bytes, bytes]:
        """Return the descriptor and the codes of a channel."""
        data = self._codes(acquisition, channel)
        return self._descriptor(acquisition, channel, len(data), len(self._times(acquisition))), data

    def acquired(self, channel: int) -> Generator[float, None, Acquisition]:
        """Acquire if it runs freely; return the acquisition of a channel.

        Raises
        ------
        ScpiError
            -221: it was not acquired.
        """
        self.control.look()
        yield from self.control.snapshot()
        acquisition = self.memory.acquisition
        if acquisition is None or not self.memory.has(channel):
            raise ScpiError(-221)
        return acquisition

    @property
    def _wide(self) -> bool:
        return str(self.setting_values.get(("code_width", ()), "WORD")) == "WORD"

    @property
    def width(self) -> int:
        """Return the bytes of a code."""
        return 2 if self._wide else 1

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
        shown, stride, width = plan.channels[channel], max(self.transfer["SP"], 1), self.width
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
            "trigger_time": time_stamp(acquisition.records[0].trigger, self._order == "<"),
            "acquisition_duration": plan.pre + plan.post, "timebase": steps_index(self.panel.time_scale),
            "vertical_coupling": _COUPLINGS.get((one.coupling, one.impedance), 2), "probe_attenuation": shown.probe,
            "fixed_vertical_gain": steps_index(shown.scale / shown.probe, 1e-6), "vertical_vernier": 1.0,
            "bandwidth_limit": int(one.limit is not None), "ris_sweeps": 1, "wave_source": channel - 1,
        }, self._order == "<")
