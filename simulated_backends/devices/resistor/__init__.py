"""A plain resistor in the place of a device: the control experiment of every threshold measurement."""
