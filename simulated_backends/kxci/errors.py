"""Errors of KXCI. The instrument keeps the last one, which ``:ERROR:LAST:GET`` reads and ``:ERROR:LAST:CLEAR`` forgets.

Source of the form ``text (number)`` and of -823 and -992: replies of instruments in the public drivers ``ssme`` and
``comet``. Not compared with a manual: the texts, and the number -122.
"""

COMMAND, VALUE, WINDOW, NOT_SIMULATED = -992, -122, -823, -999
_TEXTS = {
    COMMAND: "KXCI command error.", VALUE: "Illegal value for parameter.", WINDOW: "Illegal measurement window.",
    NOT_SIMULATED: "System error."}


class KxciError(Exception):
    """A command is wrong or cannot be executed.

    Parameters
    ----------
    number : of the error
    detail : what stands behind its text
    """

    def __init__(self, number: int, detail: str = "") -> None:
        self.number = number
        self.line = f"{_TEXTS[number]}{' ' + detail if detail else ''} ({number})"
        super().__init__(self.line)
