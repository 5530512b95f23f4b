"""Calls of the methods of a driver, which may be another author's: each fault is one line that names the method."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tsbench.errors import InstrumentError, TsbenchError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import OutputState
from tsbench.plugins import in_words


@contextlib.contextmanager
def calling(label: str, method: str) -> Iterator[None]:
    """Turn whatever a method of a driver raises by mistake, also by ``sys.exit``, into an InstrumentError.

    Parameters
    ----------
    label : the instrument as messages call it
    method : its name; the message contains it and the place in the code of the driver

    Raises
    ------
    InstrumentError
        The method raised neither a TsbenchError nor a KeyboardInterrupt. Those pass unchanged.
    """
    try:
        yield
    except (TsbenchError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise InstrumentError(
            f"{label}: the driver method {method} failed ({in_words(error)}). Correct this method of the driver"
        ) from error


def states_of(driver: Driver, label: str) -> list[OutputState]:
    """Return what ``output_states`` of a driver reads back.

    Raises
    ------
    InstrumentError
        The method fails, or does not return a sequence of OutputState.
    """
    with calling(label, "output_states"):
        returned: Any = driver.output_states()
        states = list(returned) if isinstance(returned, Sequence) else [returned]
    if not all(isinstance(state, OutputState) for state in states):
        raise _wrong(label, "output_states", returned, "a list of OutputState")
    return states


def settings_of(driver: Driver, label: str) -> Mapping[str, object]:
    """Return what ``accepted_settings`` of a driver returns; InstrumentError where it fails or is no mapping."""
    with calling(label, "accepted_settings"):
        settings: Any = driver.accepted_settings()
    if not isinstance(settings, Mapping):
        raise _wrong(label, "accepted_settings", settings, "a dictionary of name to value")
    return settings


def accuracy_of(driver: Driver, label: str) -> dict[str, dict[str, float]]:
    """Return what ``accuracy`` of a driver returns; InstrumentError where it fails or has another form."""
    with calling(label, "accuracy"):
        accuracy: Any = driver.accuracy()
    if not isinstance(accuracy, Mapping) or not all(isinstance(row, Mapping) for row in accuracy.values()):
        raise _wrong(label, "accuracy", accuracy, "a dictionary of dictionaries, for example "
                     "{'measure_voltage:20': {'full_scale': 20.0, 'gain': 1e-4, 'offset': 1e-3, 'noise': 0.0}}")
    return {key: dict(row) for key, row in accuracy.items()}


def _wrong(label: str, method: str, returned: object, expected: str) -> InstrumentError:
    return InstrumentError(
        f"{label}: the driver method {method} returned {' '.join(repr(returned)[:60].split())}, not {expected}. "
        "Correct this method of the driver")
