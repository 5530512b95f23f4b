"""The core of the virtual probe stations: it knows no command."""
