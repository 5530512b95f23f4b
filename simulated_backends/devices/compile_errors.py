"""Why numba cannot compile the equations of a device, in one line."""

import re
from collections.abc import Callable
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import as_compiled

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"Failed in \w+ mode pipeline|- Resolution failure|During: ")  #: how lines begin that say nothing
_LONGEST = 300  #: characters of the reason


def not_compilable(model: type[DeviceModel], error: Exception) -> ConfigurationError:
    """Return the error of a model class that numba refused with ``error``: the model, the function, numba's reason."""
    mechanism = mechanism_of(model)
    function = "equations"
    if model.noises and not _compiles(model.noise_interval, len(mechanism.interval_arguments)):
        function = "noise_interval"
    return ConfigurationError(
        f"device model {mechanism.name}: numba cannot compile {model.__module__}.{model.__qualname__}.{function} "
        f"({reason(error)})")


def reason(error: Exception) -> str:
    """Return the one line of numba's pages that says what is wrong, with the line of code where it is given."""
    lines = [line.strip() for line in _COLOUR.sub("", str(error)).splitlines()]
    telling = [line for line in lines if line and not _FRAME.match(line)]
    said = telling[0] if telling else type(error).__name__
    if said.endswith(":"):   # "... found for signature:", then the signature
        said = f"{said} {next((line for line in telling if line.startswith('>>>')), '')}"
    marks = [number for number, line in enumerate(lines) if line == "^" and number]
    code = f" in '{lines[marks[-1] - 1]}'" if marks else ""
    return f"{said[:_LONGEST].strip()}{code}"


def _compiles(function: Callable[..., Any], arguments: int) -> bool:
    try:
        as_compiled(function)(*[1.0] * arguments)
    except Exception:  # noqa: BLE001  whatever numba has against it
        return False
    return True
