"""Which device models there are: found by the entry points of ``tsbench.devices``, ours and everybody else's alike."""

from collections.abc import Mapping
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.plugins import Folders, Registry
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.source_text import returned

GROUP = "tsbench.devices"
FOLDERS = Folders("tsbench.simulated_backends.devices", "DEVICE")  #: ours: each folder's model class


def _offered(declared: Any) -> Mapping[str, type[DeviceModel]]:
    if not (isinstance(declared, type) and issubclass(declared, DeviceModel)):
        raise ConfigurationError(f"{declared!r} is not a device model. The entry point must name a class that is "
                                 "derived from DeviceModel")
    mechanism = mechanism_of(declared)
    returned(mechanism)
    return {mechanism.name: declared}


DEVICES: Registry[type[DeviceModel]] = Registry(GROUP, "device", _offered)


def device_models() -> Mapping[str, type[DeviceModel]]:
    """Return the model class of each mechanism by its name, ours first."""
    return DEVICES.things()
