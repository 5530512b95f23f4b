"""Units of the settings that drivers report, by the name of the setting: the one declaration of them."""

from collections.abc import Mapping

#: end of a setting's name -> SI unit; the longest that fits counts
_UNITS = {
    "load_resistance": "Ohm", "frequency": "Hz", "sample_rate": "Hz", "bandwidth": "Hz",
    "width": "s", "period": "s", "rise_time": "s", "fall_time": "s", "delay": "s",
    "span": "s", "position": "s", "holdoff": "s",
    "compliance_current": "A", "compliance_voltage": "V",
    "amplitude": "V", "base": "V", "offset": "V", "level": "V", "range": "V",
}  # fmt: skip
#: numbers without a unit, said so: an aperture in power-line cycles, a factor, counts
DIMENSIONLESS = ("nplc", "attenuation", "count", "segments", "points")
_OF_FUNCTION = {"voltage": "V", "current": "A"}


def unit_of(name: str, settings: Mapping[str, object]) -> str:
    """Return the SI unit of a setting, "" where it has none.

    Parameters
    ----------
    name : str
        "source_compliance_current", "1.pulse_width", "channel_2_range": parts before the quantity say whose it is.
    settings : mapping
        All settings of the instrument: what a source meter sources decides over the unit of its range.
    """
    channel, dot, own = name.rpartition(".")
    for part in ("source", "measure"):
        function = _OF_FUNCTION.get(str(settings.get(f"{channel}{dot}{part}_function")))
        if function and own == f"{part}_range":
            return function
    fitting = [end for end in _UNITS if name.endswith(end)]
    return _UNITS[max(fitting, key=len)] if fitting else ""


def with_units(settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings with the unit of each number beside it as ``NAME_unit``; what a driver says itself stays."""
    units = {
        f"{name}_unit": unit
        for name, value in settings.items()
        if not isinstance(value, str | bool) and (unit := unit_of(name, settings))
    }
    return {**settings, **{name: unit for name, unit in units.items() if name not in settings}}
