"""Program memory: up to 2000 programs that ST and END store and DO runs (B1500A Programming Guide, 2-39).

Queries, ``*RST`` and some others cannot be stored (error 162). The memory for all programs together holds 40000
commands.
"""

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.syntax import FlexCommand

MOST_PROGRAMS, MOST_COMMANDS = 2000, 40000
NOT_STORED = ("AB", "BC", "SCR", "ST", "DO", "RU", "IN", "CA", "DIAG?")


class ProgramMemory:
    """Programs by number, and the one that is being stored."""

    def __init__(self) -> None:
        self._programs: dict[int, list[FlexCommand]] = {}
        self._recording: int | None = None

    def records(self, command: FlexCommand) -> bool:
        """Whether a command was stored and must not be executed."""
        if self._recording is None or command.name == "END":
            return False
        if command.name in NOT_STORED or command.name.endswith("?") or command.name.startswith("*"):
            raise FlexError(162)
        if sum(map(len, self._programs.values())) >= MOST_COMMANDS:
            raise FlexError(150)
        self._programs[self._recording].append(command)
        return True

    def start(self, number: int) -> None:
        """ST: what follows is stored as program ``number``, in the place of an older one."""
        if self._recording is not None:
            raise FlexError(160)
        self._programs[number] = []
        self._recording = number

    def end(self) -> None:
        """END: the program is complete."""
        if self._recording is None:
            raise FlexError(161)
        self._recording = None

    def cleared(self) -> None:
        """Act on a device clear: it resets the parser (IEEE 488.2, 5.8), so what follows is executed and not stored.

        No page of the B1500A's manuals that says so was found. What was stored before stays.
        """
        self._recording = None

    def commands(self, number: int) -> list[FlexCommand]:
        """Return the commands of a program; a number without a program has none."""
        return list(self._programs.get(number, ()))

    def numbers(self) -> list[int]:
        """Return the numbers of the stored programs."""
        return sorted(self._programs)

    def scratch(self, number: int | None) -> None:
        """SCR: delete one program, or all."""
        if number is None:
            self._programs.clear()
        else:
            self._programs.pop(number, None)
