"""What the drivers of Keithley's interactive source meters (2450, 2460, ...) share: one command set, many models."""
