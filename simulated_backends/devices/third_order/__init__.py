"""An NbOx element of third order: film voltage, temperature, and a metallic share with its own delay and hysteresis."""

from tsbench.simulated_backends.devices.third_order.equations import ThirdOrder

DEVICE = ThirdOrder
