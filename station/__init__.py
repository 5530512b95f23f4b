"""Who measures: bench, runner, run lists, watchdog, pre-flight."""
