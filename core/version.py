"""The version of the program: a module of its own, so that no folder imports the package itself to learn it."""

__version__ = "0.2.0.dev0"
