"""The shared code of virtual probers: it knows no command."""
