"""Parameters of Siglent's SCPI oscilloscopes: words that are answered as the guide writes them."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Parameter, long_and_short, text_of
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.syntax import capitals


class SdsWord(Choice):
    """One of some words, long or short; the reply has the word as the guide writes it: ``RISing``."""

    def __init__(self, *words: str) -> None:
        self._written = {long_and_short(word)[1]: word for word in words}
        super().__init__(*words, answer=lambda value: self._written[value])


class SdsSource(Parameter):
    """``C1`` or ``CHANnel1``; the value is ``C1``. ``more`` are further names."""

    def __init__(self, *more: str) -> None:
        self.more = more

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw))
        if text in self.more:
            return text
        number = number_behind("C(?:HAN(?:NEL)?)?", text)
        if number is None or not 1 <= number <= owner.data_sheet.channels:
            raise ScpiError(-224)
        return f"C{number}"
