"""What all protocols of pulses share: layout, delivery, shots and series."""
