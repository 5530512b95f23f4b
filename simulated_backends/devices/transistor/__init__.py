"""An n-type transistor with its gate driven: a current source that the gate's voltage sets, smooth in all of it."""

from tsbench.simulated_backends.devices.transistor.equations import Transistor

DEVICE = Transistor
