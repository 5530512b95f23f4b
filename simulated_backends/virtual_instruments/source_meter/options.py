"""Options of a world file that source meters share: the mains frequency and the interlock."""

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.virtual_instruments.instrument import Placement

MAINS = (50, 60)  #: [Hz]


def line_frequency(placement: Placement) -> float:
    """Return the mains frequency [Hz], 50 where the world file gives none.

    Raises
    ------
    ConfigurationError
        It is neither 50 nor 60.
    """
    value = placement.options.get("line_frequency", MAINS[0])
    if isinstance(value, bool) or value not in MAINS:
        raise ConfigurationError(
            f"instruments.{placement.name}.options: line_frequency = {value!r:.40} must be 50 or 60 (in Hz)")
    return float(str(value))


def is_true(placement: Placement, name: str, meaning: str) -> bool:
    """Return an option that is true or false; true where the world file does not give it.

    Parameters
    ----------
    placement : Placement
    name : str
        Of the option.
    meaning : str
        What the two values mean, for the message: "true: the interlock is closed, false: it is open".

    Raises
    ------
    ConfigurationError
        It is neither.
    """
    value = placement.options.get(name, True)
    if not isinstance(value, bool):
        raise ConfigurationError(
            f"instruments.{placement.name}.options: {name} = {value!r:.40} must be true or false ({meaning})")
    return value


def interlock_is_closed(placement: Placement) -> bool:
    """Return whether the interlock is closed: it is, unless the world file has ``interlock = false``.

    Raises
    ------
    ConfigurationError
        The option is neither true nor false.
    """
    return is_true(placement, "interlock", "true: the interlock is closed, false: it is open")
