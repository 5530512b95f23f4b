"""Errors of FLEX: codes, texts, the error buffer that ``ERR?`` reads and the error queue that ``ERRX?`` reads.

Sources: E5260/E5270 Programming Guide, chapter 5 (codes 100 to 124, 200, 620 and their texts, as its third-party
drivers print them); B1500A/B1505A Programming Guide edition 11, p. 4-100 (``ERR?``, ``ERRX?``, 30 entries, 305).
Not compared with a manual: the texts of 150 to 163 and of 202 to 224.
"""

from collections import deque

#: what the simulation could not do; an instrument has no such error
NOT_SIMULATED = 999
ERROR_TEXTS: dict[int, str] = {
    0: "No Error.",
    100: "Undefined GPIB command.",
    102: "Incorrect numeric data syntax.",
    103: "Incorrect terminator position.",
    120: "Incorrect parameter value.",
    121: "Channel number must be 1 to 10.",
    122: "Number of channels must be corrected.",
    123: "Compliance must be set correctly.",
    124: "Incorrect range value for this channel.",
    130: "Start and stop must be same polarity.",
    150: "Command input buffer is full.",
    151: "This command is not allowed to this channel.",
    152: "Cannot use failed module for this command.",
    153: "No module for this command.",
    160: "Incorrect ST execution.",
    161: "Incorrect END execution.",
    162: "Incorrect command for program memory.",
    200: "Channel output switch must be ON.",
    202: "Interlock circuit must be closed.",
    203: "Cannot enable channel.",
    205: "DZ must be sent in advance.",
    210: "Ext trigger could not start measurement.",
    211: "TM1 must be sent to use GET.",
    214: "Send MM before measurement trigger.",
    220: "Send WV or WI to set primary sweep source.",
    222: "Send PWV or PWI to set pulse sweep source.",
    223: "Send PV or PI to set pulse source.",
    224: "Pulse and measurement channels must be set correctly.",
    305: "Excess current in HPSMU.",
    620: "TGP specified incorrect I/O port.",
    NOT_SIMULATED: "System error.",
}
QUEUE_DEPTH, BUFFER_DEPTH = 30, 4


class FlexError(Exception):
    """A command is wrong or cannot be executed.

    Parameters
    ----------
    code : of the error
    detail : what ``ERRX?`` says behind the text, as "SLOT1"
    """

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code},{ERROR_TEXTS.get(code, '')}{'; ' + detail if detail else ''}")


class FlexErrors:
    """The first four codes since the last ``ERR?``, and the queue of the last 30 with their texts."""

    def __init__(self) -> None:
        self._codes: list[int] = []
        self._queue: deque[tuple[int, str]] = deque()

    def add(self, error: FlexError) -> None:
        """Remember an error; more than the buffer and the queue hold are lost."""
        if len(self._codes) < BUFFER_DEPTH:
            self._codes.append(error.code)
        if len(self._queue) < QUEUE_DEPTH:
            text = ERROR_TEXTS.get(error.code, ERROR_TEXTS[NOT_SIMULATED])
            self._queue.append((error.code, f"{text}; {error.detail}" if error.detail else text))

    def take_codes(self) -> list[int]:
        """Return four codes, 0 where there is no error, and forget all errors (``ERR?``)."""
        codes = self._codes + [0] * (BUFFER_DEPTH - len(self._codes))
        self.clear()
        return codes

    def take_first_code(self) -> int:
        """Return the oldest code and remove it from the buffer (``ERR? 1``)."""
        return self._codes.pop(0) if self._codes else 0

    def take_next(self) -> tuple[int, str]:
        """Return code and text of the oldest entry of the queue and remove it (``ERRX?``)."""
        return self._queue.popleft() if self._queue else (0, ERROR_TEXTS[0])

    def clear(self) -> None:
        """Forget all errors."""
        self._codes.clear()
        self._queue.clear()

    def __bool__(self) -> bool:
        return bool(self._codes or self._queue)
