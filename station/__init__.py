"""The measuring folder: bench, runner, run lists, watchdog, pre-flight."""
