"""A transimpedance amplifier: a part of the wiring without a VISA address, between the device and the oscilloscope."""
