"""Steady state: schedules that repeat every T ticks, with the least period."""
