"""An NbOx element of third order: film voltage, temperature, and a metallic share with its own delay and hysteresis."""
