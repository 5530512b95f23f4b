"""The compiled integrator: equations, steps, noise, generated code."""
