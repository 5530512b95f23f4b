"""Integration time of the converters of a B1500A, and the measuring ranges: the commands, and what is read back."""

import math

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.interfaces import SourceMeterCapabilities
from tsbench.instruments.keysight_b1500a.mainframe import ParameterAnalyser

TIME_STEP = 2e-6  #: [s] of AIT in its mode 3


def command(label: str, nplc: float, capabilities: SourceMeterCapabilities, fine: bool) -> tuple[str, float]:
    """Return the command for an aperture, and the aperture that it sets [NPLC].

    Raises
    ------
    LimitError
        From one line cycle on, the instrument takes whole numbers of cycles only.
    """
    if fine or nplc >= 1.0:
        cycles = round(nplc)
        if not math.isclose(cycles, nplc, rel_tol=1e-9):
            raise LimitError(f"{label}: nplc {nplc:g} is not a whole number. Choose a whole number from 1 on")
        return f"AIT {int(fine)},2,{cycles}", float(cycles)
    seconds = round(nplc / capabilities.line_frequency / TIME_STEP) * TIME_STEP
    return f"AIT 0,3,{seconds:.6f}", seconds * capabilities.line_frequency


def require_set(box: ParameterAnalyser, label: str, sent: str) -> None:
    """Raise InstrumentError where the instrument has another integration than the command that was sent."""
    kind, mode, number = sent.removeprefix("AIT ").split(",")

    def parsed(reply: str) -> list[str]:
        for part in reply.strip().split(";"):
            if part.startswith(f"AIT{kind},"):
                return part.split(",")[1:]
        raise ValueError(f"{reply!r} has no AIT{kind}")

    got = box.questions.parsed("*LRN? 56", parsed)
    if len(got) != 2 or got[0] != mode or not math.isclose(float(got[1]), float(number), rel_tol=1e-3):
        raise InstrumentError(f"{label}: the integration {sent} was requested, but the instrument set "
                              f"AIT {kind},{','.join(got)}. Choose another nplc")


def require_range_code(box: ParameterAnalyser, label: str, name: str, code: int) -> None:
    """Raise InstrumentError where the instrument has another measuring range than ``code``; ``name``: as "RI1"."""

    def parsed(reply: str) -> int:
        for part in reply.strip().split(";"):
            found, _, number = part.partition(",")
            if found.strip() == name:
                return int(number)
        raise ValueError(f"{reply!r} has no {name}")

    got = box.questions.parsed("*LRN? 32", parsed)
    if got != code:
        raise InstrumentError(f"{label}: the measuring range code {code} was requested, but the instrument set {got}. "
                              "Choose a range that the module has")
