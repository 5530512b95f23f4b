"""Driver of FormFactor (Cascade, SUSS) probe stations by the remote commands of Velox."""

from collections.abc import Sequence
from typing import ClassVar

from tsbench.errors import InstrumentError
from tsbench.instruments.interfaces import Site
from tsbench.instruments.languages.language import Language, no_error
from tsbench.instruments.languages.prober import ProberInstrument, allowed_by_its_word

PRESET_HEIGHT = 6  #: field of ReadChuckStatus


VELOX = Language(
    name="Velox", error_question="", parse_error=no_error, clearing=(), resetting=(),
    power_questions=("ReadChuckStatus",), power_lost=lambda replies: not replies[0].startswith("0:"),
    may_be_repeated=allowed_by_its_word)


def parse_reply(reply: str) -> tuple[int, list[str]]:
    """Return error number and values of a reply ``0: 1 2``; ValueError where it is none."""
    code, colon, text = reply.partition(":")
    if not colon:
        raise ValueError(f"the reply {reply!r} has no error number")
    return int(code), text.split()


class FormFactorVelox(ProberInstrument):
    """A probe station with Velox."""

    language = VELOX
    title = "FormFactor Velox"
    repeatable: ClassVar[tuple[str, ...]] = (
        "*IDN?", "ReadChuckStatus", "ReadMapPosition", "GetNumDies", "GetDieDataAsColRow")

    def command(self, message: str) -> list[str]:
        """Send a command and return the values of its reply; InstrumentError where it was refused."""
        return self._told(message, 0)

    def _told(self, message: str, count: int, whole: Sequence[int] = ()) -> list[str]:
        """Return the values: at least ``count``, of which those at the places ``whole`` are whole numbers."""

        def parse(reply: str) -> tuple[int, list[str]]:
            code, values = parse_reply(reply)
            if not code and len(values) < count:
                raise ValueError(f"the reply has {len(values)} values, not {count}")
            for place in () if code else whole:
                int(values[place])
            return code, values

        code, values = self.questions.parsed(message, parse)
        if code:
            raise InstrumentError(f"{self.label}: '{message}' was refused: {code} {' '.join(values)}. Check the prober")
        return values

    def sites(self) -> Sequence[Site]:
        """Return the dies of the wafer map, in the order of its route."""
        count = int(self._told("GetNumDies", 1, (0,))[0])
        found = [self._told(f"GetDieDataAsColRow {number}", 2, (0, 1)) for number in range(1, count + 1)]
        return [Site(int(values[0]), int(values[1])) for values in found]

    def site(self) -> Site:
        """Ask where the needles are."""
        values = self._told("ReadMapPosition", 5, (0, 1, 4))
        return Site(int(values[0]), int(values[1]), int(values[4]))

    def in_contact(self) -> bool:
        """Ask whether the chuck is at its contact height."""
        return self._told("ReadChuckStatus", PRESET_HEIGHT + 1)[PRESET_HEIGHT] == "C"

    def step(self, site: Site) -> None:
        """Step to a die and its subdie."""
        self.command(f"StepNextDie {site.column} {site.row} {site.subsite}")

    def lower(self) -> None:
        """Go to the separation height."""
        self.command("MoveChuckSeparation")

    def raise_chuck(self) -> None:
        """Go to the contact height."""
        self.command("MoveChuckContact")
