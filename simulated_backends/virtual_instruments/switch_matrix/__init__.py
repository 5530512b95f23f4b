"""The core of the virtual switch matrices: it knows no command and no model."""
