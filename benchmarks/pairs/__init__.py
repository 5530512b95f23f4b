"""Every source with every oscilloscope, on a volatile NbO2 device and on a silver device."""
