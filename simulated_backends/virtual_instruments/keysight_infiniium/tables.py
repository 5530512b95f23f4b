"""What the command tables of the Infiniium oscilloscopes share: their base, and names of channels."""

from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Parameter, text_of
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.data_sheet import InfiniiumSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import ConverterTable


class InfiniiumBase(ConverterScope):
    """An Infiniium, as its command tables see it."""

    channel_header = "CHANnel"
    data_sheet: ClassVar[InfiniiumSheet]
    trigger_levels: dict[str, float]  #: [V at the display] by source


class InfiniiumTable(ConverterTable[InfiniiumBase]):
    """Base of the command tables."""

    data_sheet: InfiniiumSheet


class ScopeSource(Parameter):
    """CHANnel1 and so on, and the other words that a command takes; the value is "CHAN1"."""

    def __init__(self, *others: str) -> None:
        self._others = others

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw)).replace("CHANNEL", "CHAN")
        channels = [f"CHAN{number}" for number in range(1, owner.data_sheet.channels + 1)]
        if text not in (*channels, *self._others):
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        return text
