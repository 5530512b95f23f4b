"""Driver of MPI probe stations by the native remote commands of SENTIO (package ``sentio-prober-control``)."""

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from tsbench.errors import InstrumentError
from tsbench.instruments.interfaces import Site
from tsbench.instruments.languages.language import Language, no_error
from tsbench.instruments.languages.prober import ProberInstrument, allowed_by_its_word

T = TypeVar("T")
ERROR_BITS = 1023  #: of the first number of a reply; the others are the status
NEAR = 1.0  #: [um] from the contact height that is contact


SENTIO = Language(
    name="SENTIO", error_question="", parse_error=no_error, clearing=(), resetting=("*RCS 1",),
    power_questions=("status:get_machine_status",), power_lost=lambda replies: "Ready" not in replies[0],
    may_be_repeated=allowed_by_its_word)


def parse_reply(reply: str) -> tuple[int, str]:
    """Return error number and text of a reply ``0,0,text``; ValueError where it is none."""
    code, _, text = reply.split(",", 2)
    return int(code) & ERROR_BITS, text.strip()


def numbers(text: str, count: int) -> list[int]:
    """Return the whole numbers of a text; ValueError if their number is not ``count``."""
    found = [int(number) for number in text.split(",")]
    if len(found) != count:
        raise ValueError(f"the reply has {len(found)} numbers, not {count}")
    return found


class MpiSentio(ProberInstrument):
    """A probe station with SENTIO."""

    language = SENTIO
    title = "MPI SENTIO"
    repeatable: ClassVar[tuple[str, ...]] = (
        "*IDN?", "status:get_machine_status", "map:get_num_dies", "map:path:get_die", "map:die:get_current_index",
        "map:die:get_current_subsite", "get_chuck_z")

    def command(self, message: str) -> str:
        """Send a command and return the text of its reply; InstrumentError where it was refused."""
        return self._told(message, str)

    def _told(self, message: str, parse: Callable[[str], T]) -> T:
        """Send a command and return what its text stands for; an unreadable text is an error of the exchange."""

        def whole(reply: str) -> tuple[int, str, T | None]:
            code, text = parse_reply(reply)
            return code, text, None if code else parse(text)

        code, text, found = self.questions.parsed(message, whole)
        if code or found is None:
            raise InstrumentError(f"{self.label}: '{message}' was refused: {code} {text}. Check the prober")
        return found

    def sites(self) -> Sequence[Site]:
        """Return the dies of the wafer map, in the order of its route."""
        count = self._told("map:get_num_dies Present", int)
        found = [self._told(f"map:path:get_die {number}", lambda text: numbers(text, 2)) for number in range(count)]
        return [Site(column, row) for column, row in found]

    def site(self) -> Site:
        """Ask where the needles are."""
        _, column, row = self._told("map:die:get_current_index", lambda text: numbers(text, 3))
        return Site(column, row, self._told("map:die:get_current_subsite", int))

    def in_contact(self) -> bool:
        """Ask whether the chuck is at its contact height."""
        return abs(self._told("get_chuck_z C", float)) < NEAR

    def step(self, site: Site) -> None:
        """Step to a die and its subsite."""
        self.command(f"map:step_die {site.column}, {site.row}, {site.subsite}")

    def lower(self) -> None:
        """Go to the separation height."""
        self.command("move_chuck_separation")

    def raise_chuck(self) -> None:
        """Go to the contact height."""
        self.command("move_chuck_contact")
