"""Parts of a waveform as text, and the names of its parts: ``INSP?``, ``TMPL?``.

Sources: X-Stream remote control manual WM-RCM-E Rev D, page 52 (``INSPECT?``: a reply has double quotes and a name in
front of each value), and its waveform template.
"""

import struct

import numpy as np

from tsbench.simulated_backends.lecroy.descriptor import FIELDS, STAMP
from tsbench.simulated_backends.lecroy.template import VARIABLES, TemplateVariable, template_lines
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.waveform import WaveSurferWaveform

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
        name, form = capitals(name.strip()), capitals(form.strip())
        if name in _DATA:
            return self._values(head, data, form)
        if name == "WAVEDESC":
            lines = [self._line(one, head) for one in VARIABLES.values()]
            return f'"{_LINE}{_LINE.join(lines)}{_LINE}"'
        if name not in VARIABLES:
            raise ScpiError(-224)
        return f'"{self._line(VARIABLES[name], head)}"'

    @command("TMPL?")
    def template(self) -> str:
        """``TMPL?``: names, places and kinds of the variables of a descriptor."""
        return f'"{_LINE}{_LINE.join(template_lines())}{_LINE}"'

    def _line(self, variable: TemplateVariable, head: bytes) -> str:
        offset, form = FIELDS[variable.field]
        value, = struct.unpack_from(self._order + form, head, offset)
        text = _date(self._order, value) if variable.kind == "time_stamp" else _text(variable, value)
        return f"{variable.name:<19}: {text}"

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


def _text(variable: TemplateVariable, value: float | bytes) -> str:
    """Return the value of a variable of the template as it is written."""
    if isinstance(value, bytes):
        text = value.rstrip(b"\0").decode("latin-1")
        return f"Unit Name = {text}" if variable.kind == "unit_definition" else text
    if variable.kind == "enum":
        return variable.words[int(value)]
    return {"float": f"{value:.4e}", "double": f"{value:.8e}"}.get(variable.kind, str(value))
