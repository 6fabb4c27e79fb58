"""Measuring what every task of real stages costs, in time and in memory, for an instance file."""
