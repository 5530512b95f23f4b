"""The shared code of virtual switch matrices: it knows no command and no model."""
