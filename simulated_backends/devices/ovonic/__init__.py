"""An ovonic threshold switch (amorphous chalcogenide): thermal runaway of a filament helped by the field."""

from tsbench.simulated_backends.devices.ovonic.equations import Ovonic

DEVICE = Ovonic
