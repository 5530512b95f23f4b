"""WGFMU library: patterns, measurement events and sequences."""

from collections.abc import Sequence

from tsbench.simulated_backends.access.vendor_libraries.patterns import (
    ALREADY_EXISTS,
    AVERAGED,
    HIGHEST,
    ILLEGAL_STRING,
    LONGEST_AVERAGE,
    LONGEST_INTERVAL,
    LONGEST_VECTOR,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    PATTERN_NOT_FOUND,
    STEP,
    MeasureEvent,
    Pattern,
    PatternSequence,
    VendorError,
    require,
    rounded,
)
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_session import SharedState, vendor

ALONG_TIME, ALONG_VOLTAGE = 9000, 9001
MOST_LOOPS = 1e12


class PatternFunctions:
    """Patterns, events and sequences.

    Parameters
    ----------
    state : SharedState
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def _pattern(self, name: str) -> Pattern:
        if name not in self._state.patterns:
            raise VendorError(PATTERN_NOT_FOUND, f"there is no pattern {name}")
        return self._state.patterns[name]

    def _store(self, pattern: Pattern) -> None:
        if not pattern.name:
            raise VendorError(ILLEGAL_STRING, "the name of a pattern is empty")
        if pattern.name in self._state.patterns:
            raise VendorError(ALREADY_EXISTS, f"pattern {pattern.name} exists")
        self._state.patterns[pattern.name] = pattern
        self._state.changed = True

    @vendor("WGFMU_createPattern")
    def _create(self, name: str, volts: float) -> None:
        require(volts, -HIGHEST, HIGHEST, "voltage")
        self._store(Pattern(name, [0.0], [volts]))

    @vendor("WGFMU_addVector")
    def _add(self, name: str, step: float, volts: float) -> None:
        self._pattern(name).add(step, volts)
        self._state.changed = True

    @vendor("WGFMU_addVectors")
    def _add_several(self, name: str, steps: Sequence[float], volts: Sequence[float], size: int) -> None:
        for step, level in list(zip(steps, volts, strict=True))[:size]:
            self._add(name, step, level)

    @vendor("WGFMU_setVector")
    def _put(self, name: str, time: float, volts: float) -> None:
        self._pattern(name).put(time, volts)
        self._state.changed = True

    @vendor("WGFMU_setVectors")
    def _put_several(self, name: str, times: Sequence[float], volts: Sequence[float], size: int) -> None:
        for time, level in list(zip(times, volts, strict=True))[:size]:
            self._put(name, time, level)

    @vendor("WGFMU_createMergedPattern")
    def _merge(self, name: str, first: str, second: str, axis: int) -> None:
        if axis not in (ALONG_TIME, ALONG_VOLTAGE):
            raise VendorError(OUT_OF_RANGE, f"{axis} is no axis")
        one, other = self._pattern(first), self._pattern(second)
        self._store(one.joined(name, other) if axis == ALONG_TIME else one.summed(name, other))

    @vendor("WGFMU_createMultipliedPattern")
    def _multiply(self, name: str, first: str, time: float, volts: float) -> None:
        self._store(self._pattern(first).scaled(name, time, volts))

    @vendor("WGFMU_createOffsetPattern")
    def _offset(self, name: str, first: str, time: float, volts: float) -> None:
        self._store(self._pattern(first).shifted(name, time, volts))

    @vendor("WGFMU_setMeasureEvent")
    def _measure(
        self, pattern: str, event: str, time: float, points: int, interval: float, average: float, data: int,
    ) -> None:
        found = self._pattern(pattern)
        if not event:
            raise VendorError(ILLEGAL_STRING, "the name of an event is empty")
        if data != AVERAGED:
            raise VendorError(NOT_SUPPORTED, "the simulation has no raw data")
        require(time, 0.0, LONGEST_VECTOR, "time")
        require(points, 1, 1e9, "number of points")
        require(interval, STEP * 0.999, LONGEST_INTERVAL, "interval")
        if average:
            require(average, STEP * 0.999, LONGEST_AVERAGE, "averaging time")
            require(average, 0.0, interval * (1 + 1e-9), "averaging time")
        found.set_event(MeasureEvent(event, rounded(time), int(points), rounded(interval), rounded(average)))
        self._state.changed = True

    @vendor("WGFMU_setRangeEvent")
    def _range_event(self, pattern: str, event: str, time: float, code: int) -> None:
        raise VendorError(NOT_SUPPORTED, "the simulation has no range events")

    @vendor("WGFMU_setTriggerOutEvent")
    def _trigger_event(self, pattern: str, event: str, time: float, duration: float) -> None:
        raise VendorError(NOT_SUPPORTED, "the simulation has no trigger events")

    @vendor("WGFMU_addSequence")
    def _add_sequence(self, channel: int, pattern: str, loops: float) -> None:
        self._state.setup(channel)
        require(loops, 1, MOST_LOOPS, "number of loops")
        sequence = self._state.sequences.setdefault(channel, PatternSequence())
        sequence.parts.append((self._pattern(pattern), int(loops)))
        self._state.changed = True

    @vendor("WGFMU_addSequences")
    def _add_sequences(self, channel: int, patterns: Sequence[str], loops: Sequence[float], size: int) -> None:
        for pattern, count in list(zip(patterns, loops, strict=True))[:size]:
            self._add_sequence(channel, pattern, count)

    @vendor("WGFMU_getPatternInterpolatedForceValue", 0.0)
    def _voltage_in(self, pattern: str, time: float) -> float:
        return self._pattern(pattern).at(time)

    @vendor("WGFMU_getPatternForceValueSize", 0)
    def _points_in(self, pattern: str) -> int:
        return len(self._pattern(pattern).times)
