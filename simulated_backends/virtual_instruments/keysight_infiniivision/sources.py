"""The waveforms of an InfiniiVision oscilloscope, as commands name them: CHANnel1, FUNCtion, MATH, FFT, EXTernal."""

import string
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Parameter, text_of
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.syntax import capitals

_NAMES = {
    "CHAN", "CHANNEL", "FUNC", "FUNCTION", "MATH", "WMEM", "WMEMORY", "FFT", "EXT", "EXTERNAL", "LINE", "ABUS", "NONE"}
_SHORT = {"CHANNEL": "CHAN", "FUNCTION": "FUNC", "MATH": "FUNC", "WMEMORY": "WMEM", "EXTERNAL": "EXT"}


class SourceName(Parameter):
    """The name of a waveform that the model has; the value is its short form with its number: "CHAN1", "FUNC2".

    ``kinds`` are those that the command takes: "CHAN", "FUNC", "WMEM", "FFT", "EXT", "LINE".
    """

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw))
        number = number_behind("[A-Z]+", text)
        name = text if number is None else text.rstrip(string.digits)
        if name not in _NAMES:
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        kind = _SHORT.get(name, name)
        sheet = owner.data_sheet
        highest = {"CHAN": sheet.channels, "FUNC": sheet.functions, "WMEM": sheet.references}.get(kind, 0)
        allowed = kind in self.kinds and (kind != "FFT" or sheet.spectrum_source)
        if number is None and kind == "FUNC":
            number = 1
        if not allowed or (highest and number is None) or not (number is None or 1 <= number <= highest):
            raise ScpiError(-224)
        return kind if number is None else f"{kind}{number}"

    def format(self, value: Any, owner: Any) -> str:
        """Write the name: a model with one math waveform writes it without a number."""
        return "FUNC" if value == "FUNC1" and owner.data_sheet.functions == 1 else str(value)
