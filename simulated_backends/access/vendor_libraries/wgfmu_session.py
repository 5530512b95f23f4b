"""WGFMU library: session, errors, and the state that all its functions share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tsbench.simulated_backends.access.vendor_libraries.patterns import (
    CHANNEL_NOT_FOUND,
    COMMUNICATION,
    CONTEXT,
    FIRMWARE,
    OUT_OF_RANGE,
    Pattern,
    PatternSequence,
    VendorError,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import (
    ChannelSetup,
    WaveformChannel,
    all_off,
)
from tsbench.simulated_backends.world.world import World


def vendor(name: str, *outputs: Any, speaks: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method as a function of the library.

    Parameters
    ----------
    name : of the vendor
    outputs : what the function writes to its pointers where it fails
    speaks : whether it speaks to the instrument
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.__dict__["__vendor__"] = (name, outputs, speaks)
        return method

    return mark


@dataclass
class SharedState:
    """What the functions share."""

    world: World
    instrument: Any = None  #: of the session
    lost: bool = False  #: its connection
    timeout: float = 100.0  #: [s]
    errors: list[str] = field(default_factory=list)
    patterns: dict[str, Pattern] = field(default_factory=dict)
    sequences: dict[int, PatternSequence] = field(default_factory=dict)
    setups: dict[int, ChannelSetup] = field(default_factory=dict)  #: as the library knows them, by channel
    changed: bool = True  #: patterns or sequences have changed since the last execution

    def lose(self, instrument: str | None) -> None:
        """Lose the connection to an instrument, or (None) to all."""
        self.lost |= self.instrument is not None and instrument in (None, self.instrument.name)

    def channels(self) -> dict[int, WaveformChannel]:
        """Return the channels of the session; status -3 without a session, -5 if the connection is lost."""
        if self.instrument is None:
            raise VendorError(CONTEXT, "no session is open")
        if self.lost:
            raise VendorError(COMMUNICATION, "the connection to the instrument is lost")
        found: dict[int, WaveformChannel] = self.instrument.waveform_channels
        return found

    def channel(self, number: int) -> WaveformChannel:
        """Return a channel of the session; status -9 if there is none."""
        channels = self.channels()
        if number not in channels:
            raise VendorError(CHANNEL_NOT_FOUND, f"there is no channel {number}")
        return channels[number]

    def setup(self, number: int) -> ChannelSetup:
        """Return the setup of a channel; without a session, of any channel that could be."""
        if self.instrument is not None:
            self.channel(number)
        elif not (101 <= number <= 1002 and number % 100 in (1, 2)):
            raise VendorError(CHANNEL_NOT_FOUND, f"{number} is no channel")
        return self.setups.setdefault(number, ChannelSetup())


class SessionFunctions:
    """Session and errors.

    Parameters
    ----------
    state : SharedState
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state

    @vendor("WGFMU_openSession", speaks=True)
    def _open(self, address: str) -> None:
        state = self._state
        if state.instrument is not None:
            raise VendorError(CONTEXT, "a session is open")
        name = next((name for resource, name in state.world.resources.items()
                     if resource.upper() == address.upper()), None)
        instrument = state.world.instruments.get(name or "")
        if not hasattr(instrument, "waveform_channels"):
            raise VendorError(COMMUNICATION, f"no B1500A answers at {address}")
        if instrument.flex_status.flex_errors:   # type: ignore[union-attr]
            raise VendorError(FIRMWARE, "the error queue of the instrument is not empty")
        state.instrument = instrument

    @vendor("WGFMU_closeSession", speaks=True)
    def _close(self) -> None:
        state = self._state
        if state.instrument is None:
            raise VendorError(CONTEXT, "no session is open")
        state.instrument, state.lost = None, False

    @vendor("WGFMU_initialize", speaks=True)
    def _initialise(self) -> None:
        channels = self._state.channels()
        all_off(tuple(channels.values()))
        for number, channel in channels.items():
            channel.setup = ChannelSetup()
            self._state.setups[number] = ChannelSetup()

    @vendor("WGFMU_setTimeout")
    def _set_timeout(self, seconds: float) -> None:
        if seconds < 1.0:
            raise VendorError(OUT_OF_RANGE, f"timeout {seconds:g} is less than 1")
        self._state.timeout = seconds

    @vendor("WGFMU_getChannelIdSize", 0)
    def _count(self) -> int:
        return len(self._state.channels())

    @vendor("WGFMU_getChannelIds", (), 0)
    def _ids(self, size: int) -> tuple[tuple[int, ...], int]:
        found = tuple(self._state.channels())[:size]
        return found, len(found)

    @vendor("WGFMU_getErrorSize", 0)
    def _error_size(self) -> int:
        return len(self._state.errors[0]) if self._state.errors else 0

    @vendor("WGFMU_getError", "", 0)
    def _error(self, size: int) -> tuple[str, int]:
        text = self._state.errors.pop(0)[:size] if self._state.errors else ""
        return text, len(text)

    @vendor("WGFMU_getErrorSummarySize", 0)
    def _summary_size(self) -> int:
        return len("\n".join(self._state.errors))

    @vendor("WGFMU_getErrorSummary", "", 0)
    def _summary(self, size: int) -> tuple[str, int]:
        text = "\n".join(self._state.errors)[:size]
        return text, len(text)

    @vendor("WGFMU_clear")
    def _clear(self) -> None:
        state = self._state
        state.errors.clear()
        state.patterns.clear()
        state.sequences.clear()
        state.changed = True

    @vendor("WGFMU_doSelfTest", 0, "", 0, speaks=True)
    def _self_test(self, size: int) -> tuple[int, str, int]:
        self._state.channels()
        return 0, "", 0

    @vendor("WGFMU_doSelfCalibration", 0, "", 0, speaks=True)
    def _self_calibration(self, size: int) -> tuple[int, str, int]:
        self._state.channels()
        self._state.world.bench.clock.wait(30.0)
        return 0, "", 0
