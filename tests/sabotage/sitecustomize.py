"""Python imports this by itself in child processes whose PYTHONPATH holds this folder: they are spoilt alike."""

import spoil

spoil.install_from_environment()
