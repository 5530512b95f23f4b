"""The twin of the Keithley 2450."""
