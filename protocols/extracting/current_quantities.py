"""Which numbers depend on the current that the scope shows: a wrong shunt or gain makes them doubtful, and no others.

A number that is not in these lists counts as one that depends on it, also that of a plug-in.
"""

from tsbench.records import Sensing

#: read from the device voltage alone, or levels at which that begins or ends to oscillate
_BY_VOLTAGE = {
    "firing_threshold", "frequency", "frequency_peak_level", "frequency_slope", "inter_spike_interval_correlation",
    "inter_spike_interval_jitter", "inter_spike_interval_local_variation", "inter_spike_interval_variation",
    "line_width", "linear_range_end", "linear_range_start", "oscillation_end", "oscillation_onset", "phase_noise",
    "threshold_driven"}
#: of a sweep: currents that the source meter itself measures or sets
_BY_SOURCE_METER = {"forming_current", "hold_current", "threshold_current"}
#: of a sweep: device voltages. From the voltage of the source meter, the drop along its path is taken off, and this
#: path contains the shunt or the input of the scope. The gain of an amplifier is no part of it
_BEHIND_THE_PATH = {
    "forming_shift", "forming_voltage", "hold_voltage", "hold_voltage_per_compliance_decade", "hold_voltage_slope",
    "snapback_voltage",
    "switching_voltage_after_forming", "switching_voltage_in_forming", "threshold_voltage",
    "threshold_voltage_per_compliance_decade", "threshold_voltage_per_decade", "threshold_voltage_slope"}
_STATISTICS = ("_mean", "_median", "_standard_deviation")


def depends_on_current(quantity: str, sensing: Sensing) -> bool:
    """Return whether a quantity is another one if the sensor of the current is another one than the bench file says.

    Parameters
    ----------
    quantity : name of the result
    sensing : what turns the current into a voltage
    """
    for statistic in _STATISTICS:
        quantity = quantity.removesuffix(statistic)
    behind = _BEHIND_THE_PATH if sensing.amplifier is not None else set()
    return quantity not in _BY_VOLTAGE | _BY_SOURCE_METER | behind
