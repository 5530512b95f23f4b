"""The message machine of virtual instruments: exchange, syntax, command tree, status."""
