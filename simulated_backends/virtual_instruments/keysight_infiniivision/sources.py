"""The waveforms of an InfiniiVision oscilloscope, as commands name them: CHANnel1, FUNCtion, MATH, FFT, EXTernal."""

import re
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Parameter

_NAME = re.compile(r"(CHAN|CHANNEL|FUNC|FUNCTION|MATH|WMEM|WMEMORY|FFT|EXT|EXTERNAL|LINE|ABUS|NONE)([0-9]{0,9})")
_SHORT = {"CHANNEL": "CHAN", "FUNCTION": "FUNC", "MATH": "FUNC", "WMEMORY": "WMEM", "EXTERNAL": "EXT"}


class SourceName(Parameter):
    """The name of a waveform that the model has; the value is its short form with its number: "CHAN1", "FUNC2".

    ``kinds`` are those that the command takes: "CHAN", "FUNC", "WMEM", "FFT", "EXT", "LINE".
    """

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = raw.decode("latin-1").strip().upper()
        found = _NAME.fullmatch(text)
        if found is None:
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        kind, number = _SHORT.get(found[1], found[1]), found[2]
        sheet = owner.data_sheet
        highest = {"CHAN": sheet.channels, "FUNC": sheet.functions, "WMEM": sheet.references}.get(kind, 0)
        allowed = kind in self.kinds and (kind != "FFT" or sheet.spectrum_source)
        if not allowed or (not highest and number) or (highest and not 1 <= int(number or kind == "FUNC") <= highest):
            raise ScpiError(-224)
        return f"{kind}{int(number or 1)}" if highest else kind

    def format(self, value: Any, owner: Any) -> str:
        """Write the name: a model with one math waveform writes it without a number."""
        return "FUNC" if value == "FUNC1" and owner.data_sheet.functions == 1 else str(value)
