"""WGFMU library: set-up of channels, which the library keeps until a channel is updated or executed."""

from tsbench.simulated_backends.access.vendor_libraries.patterns import OUT_OF_RANGE, VendorError
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_session import SharedState, vendor
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import DC, FAST, PASS, PULSE

VOLTAGE, CURRENT = 4000, 4001


class SetupFunctions:
    """Modes and ranges of channels.

    Parameters
    ----------
    state : SharedState
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state

    @staticmethod
    def _require_code(value: int, *allowed: int) -> None:
        if value not in allowed:
            raise VendorError(OUT_OF_RANGE, f"{value} is none of {allowed}")

    @vendor("WGFMU_setOperationMode")
    def _set_mode(self, channel: int, mode: int) -> None:
        self._require_code(mode, DC, FAST, PULSE, PASS)
        self._state.setup(channel).mode = mode

    @vendor("WGFMU_getOperationMode", 0)
    def _mode(self, channel: int) -> int:
        return self._state.setup(channel).mode

    @vendor("WGFMU_setForceVoltageRange")
    def _set_force_range(self, channel: int, code: int) -> None:
        self._require_code(code, *sheet.FORCE_RANGES)
        self._state.setup(channel).force_range = code

    @vendor("WGFMU_getForceVoltageRange", 0)
    def _force_range(self, channel: int) -> int:
        return self._state.setup(channel).force_range

    @vendor("WGFMU_setMeasureMode")
    def _set_measure_mode(self, channel: int, mode: int) -> None:
        self._require_code(mode, VOLTAGE, CURRENT)
        setup = self._state.setup(channel)
        setup.measures_current = mode == CURRENT
        if setup.measures_current:
            setup.voltage_range = 5001

    @vendor("WGFMU_getMeasureMode", 0)
    def _measure_mode(self, channel: int) -> int:
        return CURRENT if self._state.setup(channel).measures_current else VOLTAGE

    @vendor("WGFMU_setMeasureCurrentRange")
    def _set_current_range(self, channel: int, code: int) -> None:
        self._require_code(code, *sheet.CURRENT_RANGES)
        self._state.setup(channel).current_range = code

    @vendor("WGFMU_getMeasureCurrentRange", 0)
    def _current_range(self, channel: int) -> int:
        return self._state.setup(channel).current_range

    @vendor("WGFMU_setMeasureVoltageRange")
    def _set_voltage_range(self, channel: int, code: int) -> None:
        self._require_code(code, *sheet.VOLTAGE_RANGES)
        self._state.setup(channel).voltage_range = code

    @vendor("WGFMU_getMeasureVoltageRange", 0)
    def _voltage_range(self, channel: int) -> int:
        return self._state.setup(channel).voltage_range

    @vendor("WGFMU_setMeasureEnabled")
    def _set_enabled(self, channel: int, code: int) -> None:
        self._require_code(code, 7000, 7001)
        self._state.setup(channel).measuring = code == 7001
