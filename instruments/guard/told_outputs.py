"""What is known of each output while instruments are connected: what was commanded, and what was read back."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from tsbench.instruments.guard.limits import OutputsOn, WorstCase
from tsbench.instruments.interfaces import OutputState

#: "on" and "off" were read back from the instrument; a command that was not read back stays "commanded"
KnownState = Literal["on", "off", "commanded on", "commanded off", "unknown"]


class ToldOutputs(OutputsOn):
    """The outputs that are on, which also tells what is known of every output, as soon as it changes.

    It asks no instrument: the guards and the end of a run report here what they have sent and read back.
    """

    def __init__(
        self, before: Callable[[], None] = lambda: None, changed: Callable[[], None] = lambda: None, usual: float = 0.0,
    ) -> None:
        super().__init__(before, changed, usual)
        self.states: dict[str, KnownState] = {}
        #: called with the states of all outputs after each change
        self.tell: Callable[[Mapping[str, KnownState]], None] = lambda states: None

    def reset(self, outputs: Iterable[str]) -> None:
        """Hear that the instruments of these ``outputs`` were reset, which switches them off."""
        self._know(dict.fromkeys(outputs, "commanded off"))

    def add(self, terminal: str, worst: WorstCase, is_on: Callable[[], bool]) -> None:
        """Note an output with what it may bring at worst; from now on a message may switch it on."""
        already = self.has(terminal)
        super().add(terminal, worst, is_on)
        if not already:
            self._know({terminal: "commanded on"})

    def switched(self, terminal: str, enabled: bool, read_back: bool) -> None:
        """Hear that a driver has switched an output, and whether it has read it back."""
        if read_back:
            self._know({terminal: "on" if enabled else "off"})

    def remove(self, terminal: str) -> None:
        """Note that an output is off."""
        super().remove(terminal)
        self._commanded_off([terminal])

    def clear(self) -> None:
        """Note that all outputs are being switched off."""
        super().clear()
        self._commanded_off(list(self.states))

    def read_back(self, states: Iterable[OutputState]) -> None:
        """Take what all outputs were read back as at the end; one that was not read back as off is unknown."""
        self._know({one.output: "unknown" if one.enabled else "off" for one in states})

    def _commanded_off(self, terminals: Iterable[str]) -> None:
        self._know({one: "commanded off" for one in terminals if self.states.get(one, "off") != "off"})

    def _know(self, states: Mapping[str, KnownState]) -> None:
        if any(self.states.get(name) != state for name, state in states.items()):
            self.states |= states
            self.tell(dict(self.states))
