"""What a virtual instrument may ask of its bench: clock, circuit, trigger lines."""
