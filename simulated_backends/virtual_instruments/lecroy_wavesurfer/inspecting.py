"""Parts of a waveform as text: ``INSP?``.

Sources: X-Stream remote control manual WM-RCM-E Rev D, page 52 (``INSPECT?``: a reply has double quotes and a name in
front of each value), and its waveform template.
"""

import struct
from collections.abc import Mapping

import numpy as np

from tsbench.simulated_backends.lecroy.descriptor import FIELDS, STAMP
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Optional, Text
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.waveform import WaveSurferWaveform

#: name of the template -> field of the descriptor, in the order of the block
_NAMES: Mapping[str, str] = {
    "DESCRIPTOR_NAME": "descriptor_name", "TEMPLATE_NAME": "template_name", "COMM_TYPE": "comm_type",
    "COMM_ORDER": "comm_order", "WAVE_DESCRIPTOR": "wave_descriptor", "USER_TEXT": "user_text",
    "RES_DESC1": "res_desc1", "TRIGTIME_ARRAY": "trigtime_array", "WAVE_ARRAY_1": "wave_array_1",
    "INSTRUMENT_NAME": "instrument_name", "INSTRUMENT_NUMBER": "instrument_number",
    "WAVE_ARRAY_COUNT": "wave_array_count", "PNTS_PER_SCREEN": "points_per_screen",
    "FIRST_VALID_PNT": "first_valid_point", "LAST_VALID_PNT": "last_valid_point", "FIRST_POINT": "first_point",
    "SPARSING_FACTOR": "sparsing_factor", "SEGMENT_INDEX": "segment_index", "SUBARRAY_COUNT": "subarray_count",
    "SWEEPS_PER_ACQ": "sweeps_per_acquisition", "VERTICAL_GAIN": "vertical_gain",
    "VERTICAL_OFFSET": "vertical_offset", "MAX_VALUE": "max_value", "MIN_VALUE": "min_value",
    "NOMINAL_BITS": "nominal_bits", "NOM_SUBARRAY_COUNT": "nominal_subarray_count",
    "HORIZ_INTERVAL": "horizontal_interval", "HORIZ_OFFSET": "horizontal_offset", "PIXEL_OFFSET": "pixel_offset",
    "VERTUNIT": "vertical_unit", "HORUNIT": "horizontal_unit", "HORIZ_UNCERTAINTY": "horizontal_uncertainty",
    "TRIGGER_TIME": "trigger_time", "ACQ_DURATION": "acquisition_duration", "RECORD_TYPE": "record_type",
    "PROCESSING_DONE": "processing_done",
    "TIMEBASE": "timebase", "VERT_COUPLING": "vertical_coupling", "PROBE_ATT": "probe_attenuation",
    "FIXED_VERT_GAIN": "fixed_vertical_gain", "BANDWIDTH_LIMIT": "bandwidth_limit",
    "VERTICAL_VERNIER": "vertical_vernier", "ACQ_VERT_OFFSET": "acquired_vertical_offset",
    "WAVE_SOURCE": "wave_source",
}
#: words of the template for the numbers of an enumeration
_WORDS: Mapping[str, tuple[str, ...]] = {
    "COMM_TYPE": ("byte", "word"), "COMM_ORDER": ("HIFIRST", "LOFIRST"), "RECORD_TYPE": ("single_sweep",),
    "PROCESSING_DONE": ("no_processing",), "BANDWIDTH_LIMIT": ("off", "on"),
    "VERT_COUPLING": ("DC_50_Ohms", "ground", "DC_1MOhm", "ground", "AC_1MOhm"),
    "WAVE_SOURCE": ("CHANNEL_1", "CHANNEL_2", "CHANNEL_3", "CHANNEL_4"),
}
_STEPS = ("1", "2", "5", "10", "20", "50", "100", "200", "500")
_TIMES, _VOLTS = ("ps", "ns", "us", "ms", "s", "ks"), ("uV", "mV", "V", "kV")
_DATA = {"SIMPLE", "DATA_ARRAY_1"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_COLUMNS = 6  #: values in a line
_LINE = "\r\n"


class InspectCommands(WaveSurferWaveform):
    """Run control and records, as blocks and as text."""

    @command("C<1-4>:INSP?", Text(bare=True), Optional(Text(bare=True)))
    def inspect(self, channel: int, name: str, form: str = "FLOAT") -> Handler:
        """``C1:INSP? "HORIZ_INTERVAL"``: a variable; WAVEDESC: all variables; SIMPLE: the values of the record."""
        acquisition = yield from self.acquired(channel)
        head, data = self.parts(acquisition, channel)
        name, form = name.strip().upper(), form.strip().upper()
        if name in _DATA:
            return self._values(head, data, form)
        if name == "WAVEDESC":
            lines = [self._line(one, head) for one in _NAMES]
            return f'"{_LINE}{_LINE.join(lines)}{_LINE}"'
        if name not in _NAMES:
            raise ScpiError(-224)
        return f'"{self._line(name, head)}"'

    def _line(self, name: str, head: bytes) -> str:
        offset, form = FIELDS[_NAMES[name]]
        value, = struct.unpack_from(self._order + form, head, offset)
        text = _date(self._order, value) if name == "TRIGGER_TIME" else _text(name, form, value)
        return f"{name:<19}: {text}"

    def _values(self, head: bytes, data: bytes, form: str) -> str:
        if form not in {"FLOAT", "WORD", "BYTE"}:
            raise ScpiError(-224)
        codes = np.frombuffer(data, f"{self._order}i2" if self._wide else np.int8)
        if form == "FLOAT":
            gain, offset = struct.unpack_from(f"{self._order}ff", head, FIELDS["vertical_gain"][0])
            texts = [format(value, ".6g") for value in codes * gain - offset]
        else:
            texts = [str(code) for code in (codes.astype(int) >> 8 if form == "BYTE" and self._wide else codes)]
        lines = [" ".join(texts[first:first + _COLUMNS]) for first in range(0, len(texts), _COLUMNS)]
        return f'"{_LINE}{_LINE.join(lines)}{_LINE}"'


def _date(order: str, stamp: bytes) -> str:
    seconds, minute, hour, day, month, year, _ = struct.unpack(order + STAMP, stamp)
    return f"Date = {_MONTHS[month - 1]} {day}, {year}, Time = {hour:2}:{minute:2}:{seconds:12.9f}"


def _text(name: str, form: str, value: float | bytes) -> str:
    """Return the value of a variable of the template as it is written."""
    if isinstance(value, bytes):
        text = value.rstrip(b"\0").decode("latin-1")
        return f"Unit Name = {text}" if name in {"VERTUNIT", "HORUNIT"} else text
    if name in _WORDS:
        return _WORDS[name][int(value)]
    if name in {"TIMEBASE", "FIXED_VERT_GAIN"}:
        units = _TIMES if name == "TIMEBASE" else _VOLTS
        thousands, step = divmod(int(value), len(_STEPS))
        return f"{_STEPS[step]}_{units[min(thousands, len(units) - 1)]}/div"
    return {"f": f"{value:.4e}", "d": f"{value:.8e}"}.get(form, str(value))
