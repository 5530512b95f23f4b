"""WGFMU library: connection, execution and data of channels."""

from dataclasses import replace

import numpy as np

from tsbench.simulated_backends.access.vendor_libraries.patterns import (
    CONTEXT,
    NOT_READY,
    NOT_RUNNING,
    OUT_OF_DATE,
    OUT_OF_RANGE,
    VendorError,
    require,
)
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_session import SharedState, vendor
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import (
    DC,
    FAST,
    PULSE,
    WaveformChannel,
)

COMPLETED, RUNNING, ABORTED, IDLE = 10000, 10002, 10004, 10006
SLACK = 1e-12  #: [s]


def apply_setup(state: SharedState, number: int, channel: WaveformChannel) -> None:
    """Give a channel the setup that the library has of it."""
    setup = state.setup(number)
    if setup.mode == PULSE and (setup.measures_current or setup.force_range not in sheet.PULSE_FORCE_RANGES):
        raise VendorError(CONTEXT, f"channel {number}: the PG mode measures voltages, in the ranges 3 V and 5 V")
    channel.setup = replace(setup)
    channel.apply()


class ChannelFunctions:
    """Channels: connection, execution and data.

    Parameters
    ----------
    state : SharedState
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._results: dict[int, tuple[list[float], list[float]]] = {}
        self._executed: list[int] = []
        self._aborted = False
        self._begun = 0.0  #: [s] bench time

    @vendor("WGFMU_connect", speaks=True)
    def _connect(self, channel: int) -> None:
        found = self._state.channel(channel)
        if not found.is_on:
            found.switch(True)

    @vendor("WGFMU_disconnect", speaks=True)
    def _disconnect(self, channel: int) -> None:
        found = self._state.channel(channel)
        if found.is_on:
            self._state.world.bench.hurry()
            found.switch(False)

    # ---------------------------------------------------------------------------------------- execution

    @vendor("WGFMU_execute", speaks=True)
    def _execute(self) -> None:
        state = self._state
        ready = {number: channel for number, channel in state.channels().items()
                 if channel.is_on and state.setup(number).mode in (FAST, PULSE) and number in state.sequences}
        if not ready:
            raise VendorError(CONTEXT, "no channel is connected in the Fast IV or PG mode with a sequence")
        for number, channel in ready.items():
            apply_setup(state, number, channel)
            state.sequences[number].require_size()
            low, high = channel.setup.levels
            for pattern, _ in state.sequences[number].parts:
                for volts in (min(pattern.volts), max(pattern.volts)):
                    require(volts, low, high, f"channel {number}: voltage")
        self._results.clear()
        self._executed, self._aborted, state.changed = list(ready), False, False
        for number, channel in ready.items():
            channel.play(*state.sequences[number].waveform())
        self._begun = state.world.bench.clock.now

    def _running(self) -> bool:
        now = self._state.world.bench.clock.now
        return any(now < self._state.channel(number).ends for number in self._executed)

    @vendor("WGFMU_abort", speaks=True)
    def _abort(self) -> None:
        for channel in self._state.channels().values():
            self._aborted |= self._running()
            channel.stop()

    @vendor("WGFMU_abortChannel", speaks=True)
    def _abort_channel(self, channel: int) -> None:
        self._aborted |= self._running()
        self._state.channel(channel).stop()

    @vendor("WGFMU_getStatus", 0, 0.0, 0.0, speaks=True)
    def _status(self) -> tuple[int, float, float]:
        channels = self._state.channels()
        total = max((channels[number].ends for number in self._executed), default=self._begun) - self._begun
        clock = self._state.world.bench.clock
        if self._running():
            clock.busy()   # polling loops end
            return RUNNING, clock.now - self._begun, total
        return ABORTED if self._aborted else COMPLETED if self._executed else IDLE, total, total

    @vendor("WGFMU_waitUntilCompleted", speaks=True)
    def _wait(self) -> None:
        if not self._executed:
            raise VendorError(NOT_RUNNING, "no sequencer runs")
        clock = self._state.world.bench.clock
        ends = max(self._state.channel(number).ends for number in self._executed)
        if ends - clock.now > self._state.timeout:
            clock.wait(self._state.timeout)
            raise VendorError(NOT_READY, f"the sequences were not over in {self._state.timeout:g} s")
        clock.wait(ends - clock.now + SLACK)

    # --------------------------------------------------------------------------------------------- data

    def _data(self, number: int) -> tuple[list[float], list[float]]:
        state, channel = self._state, self._state.channel(number)
        if number not in self._executed:
            raise VendorError(NOT_READY, f"channel {number} has measured nothing")
        if state.changed:
            raise VendorError(OUT_OF_DATE, "patterns or sequences have changed since the execution")
        if self._running():
            raise VendorError(NOT_READY, "the sequences are not over")
        if number not in self._results:
            starts, averages = state.sequences[number].samples()
            taken = starts + averages <= channel.ends - channel.started + SLACK
            starts, averages = starts[taken], averages[taken]
            values = channel.samples(starts, averages) if channel.setup.measuring else np.zeros(0)
            middle = starts + averages / 2
            self._results[number] = middle[: values.size].tolist(), values.tolist()
        return self._results[number]

    @vendor("WGFMU_getMeasureValueSize", 0, 0, speaks=True)
    def _data_size(self, channel: int) -> tuple[int, int]:
        total = self._state.sequences[channel].samples()[0].size if channel in self._state.sequences else 0
        measured = 0 if self._running() or channel not in self._executed else len(self._data(channel)[0])
        return measured, total

    @vendor("WGFMU_getMeasureValue", 0.0, 0.0, speaks=True)
    def _value(self, channel: int, index: int) -> tuple[float, float]:
        times, values = self._data(channel)
        if not 0 <= index < len(times):
            raise VendorError(OUT_OF_RANGE, f"there is no value {index}")
        return times[index], values[index]

    @vendor("WGFMU_getMeasureValues", 0, (), (), speaks=True)
    def _values(self, channel: int, offset: int, size: int) -> tuple[int, list[float], list[float]]:
        times, values = self._data(channel)
        if not 0 <= offset < max(len(times), 1):
            raise VendorError(OUT_OF_RANGE, f"there is no value {offset}")
        part = slice(offset, offset + size)
        return len(times[part]), times[part], values[part]

    # ----------------------------------------------------------------------------------------------- DC

    def _direct(self, number: int) -> WaveformChannel:
        channel = self._state.channel(number)
        if self._state.setup(number).mode != DC:
            raise VendorError(CONTEXT, f"channel {number} is not in the DC mode")
        apply_setup(self._state, number, channel)
        return channel

    @vendor("WGFMU_dcforceVoltage", speaks=True)
    def _force(self, number: int, volts: float) -> None:
        channel = self._direct(number)
        require(volts, *channel.setup.levels, "voltage")
        channel.force(volts)

    @vendor("WGFMU_dcmeasureValue", 0.0, speaks=True)
    def _measure(self, number: int) -> float:
        return self._direct(number).present(1, 0.0)

    @vendor("WGFMU_dcmeasureAveragedValue", 0.0, speaks=True)
    def _measure_mean(self, number: int, count: int, interval: int) -> float:
        require(count, 1, 65535, "number of points")
        require(interval, 1, 65535, "interval")
        return self._direct(number).present(count, count * interval * 5e-9)
