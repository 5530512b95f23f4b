"""Reading records out of a T3DSO or SDS1000X-E: ``WFSU``, ``WF?``, ``SCDP``, ``MEAD?``."""

import math

import numpy as np

from tsbench.simulated_backends.lecroy.descriptor import descriptor, steps_index
from tsbench.simulated_backends.lecroy.execution import RawReply
from tsbench.simulated_backends.lecroy.parameters import LecroyWord
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Text
from tsbench.simulated_backends.scpi.syntax import capitals, definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.measured import (
    NOT_MEASURED,
    PAIRED,
    ShortMeasureCommands,
)
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.transferring import TransferCommands

_DIGITS = 9  #: of the length of a block
_CODES = 25.0  #: in a division
_COUPLINGS = {"DC": 0, "GND": 1, "AC": 3}


class ShortWaveformCommands(TransferCommands):
    """Run control, records and the screen."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.transfer = {"SP": 1, "NP": 0, "FP": 0}   # *RST leaves them
        self._block: tuple[tuple[object, ...], bytes] | None = None

    @command("C<1-4>:WF?", LecroyWord("DESC", "DAT2", "ALL"))
    def waveform(self, channel: int, part: str) -> Handler:
        """``C1:WF? DAT2``: codes about mid-screen, 25 for a division; DESC: their descriptor; ALL: both.

        Each reply ends with two line feeds. The reply to DESC begins with ``ALL``, as real instruments write it.
        """
        self.control.look()
        yield from self.control.snapshot()
        data = self._codes(channel) if part != "DESC" else b""
        words = b"DAT2" if part == "DAT2" else b"ALL"
        head = b"" if part == "DAT2" else self._descriptor(channel)
        return words + b"," + definite_block(head + data, _DIGITS) + (b"" if part == "DESC" else b"\n")

    def _stride(self) -> int:
        return max(self.transfer["SP"], 1)

    def _codes(self, channel: int) -> bytes:
        if not self.memory.has(channel):
            return b""
        first, wanted, stride = self.transfer["FP"], self.transfer["NP"], self._stride()
        codes = self.memory.signed(channel)
        key = (channel, first, wanted, stride)
        if self._block is not None and self._block[0][0] is codes.base and self._block[0][1:] == key:
            return self._block[1]
        part = codes[first::stride]
        part = part[:wanted] if wanted else part
        found = (part >> 8).astype(np.int8).tobytes()
        self._block = ((codes.base, *key), found)
        return found

    def _descriptor(self, channel: int) -> bytes:
        acquisition = self.memory.acquisition
        if acquisition is None or not self.memory.has(channel):
            return descriptor({})
        plan, shown, one = acquisition.plan, acquisition.plan.channels[channel], self.panel.channels[channel]
        total, stride = plan.sampling.points, self._stride()
        count = math.ceil(max(total - self.transfer["FP"], 0) / stride)
        count = min(count, self.transfer["NP"] or count)
        return descriptor({
            "wave_array_1": count, "wave_array_count": total, "points_per_screen": count, "last_valid_point": total - 1,
            "first_point": self.transfer["FP"], "sparsing_factor": stride, "sweeps_per_acquisition": 1,
            "subarray_count": 1, "instrument_name": self.data_sheet.name.encode(), "template_name": b"WAVEACE",
            "vertical_gain": shown.scale / _CODES, "vertical_offset": -shown.offset, "max_value": 127.0,
            "min_value": -128.0, "nominal_bits": 8, "nominal_subarray_count": 1, "vertical_unit": b"V",
            "horizontal_unit": b"S", "horizontal_interval": plan.sampling.interval * stride,
            "horizontal_offset": plan.first_sample + self.transfer["FP"] * plan.sampling.interval,
            "pixel_offset": plan.first_sample, "acquisition_duration": plan.pre + plan.post,
            "timebase": steps_index(self.panel.time_scale), "vertical_coupling": _COUPLINGS[one.coupling],
            "probe_attenuation": shown.probe, "fixed_vertical_gain": steps_index(shown.scale / shown.probe, 1e-6),
            "bandwidth_limit": int(one.limit is not None), "wave_source": channel - 1,
        })

    @command("SCDP")
    def dump_screen(self) -> Handler:
        """``SCDP``: the screen as a bitmap, without header and block."""
        yield from self.control.snapshot()
        return RawReply(self.picture("BMP16"))


class DelayCommands(ShortMeasureCommands):
    """Measurements of one waveform and of two."""

    @command("MEAD", LecroyWord(*PAIRED), Text(bare=True))
    def install_delay(self, name: str, sources: str) -> None:
        """``MEAD FRR,C1-C2``: show a delay; the first channel has the smaller number."""
        first, _, second = sources.partition("-")
        if not self._source(first) < self._source(second):
            raise ScpiError(-224)
        self.setting_values["delay", ()] = (name, capitals(sources))

    @command("MEAD?")
    def delay_value(self) -> Handler:
        """``MEAD?``: the delay that is shown."""
        name, sources = self.setting_values.get(("delay", ()), ("PHA", "C1-C2"))
        yield from self.control.snapshot()
        traces = [self.memory.measured(self._source(one), self.panel.position) for one in sources.split("-")]
        unit, measure = PAIRED[name]
        value = math.nan if None in traces else measure(*[one for one in traces if one is not None])
        return f"{name},{sources},{self.quantity(value, unit) if math.isfinite(value) else NOT_MEASURED}"
