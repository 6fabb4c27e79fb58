"""Measurements of gapweave: its speed at size, and its results beside those of other solvers."""
