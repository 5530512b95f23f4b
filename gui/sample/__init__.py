"""The screen with the devices of a bench: a map, and a card of the chosen device."""
