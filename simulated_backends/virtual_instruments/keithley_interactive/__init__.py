"""The command set that Keithley's interactive source meters (2450, 2460, ...) share."""
