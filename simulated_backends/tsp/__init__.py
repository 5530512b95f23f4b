"""The language TSP of Keithley's instruments: Lua scripts that run in the instrument. It knows no instrument model."""
