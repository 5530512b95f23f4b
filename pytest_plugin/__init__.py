"""The pytest plugin: a simulated bench for users' own tests."""
