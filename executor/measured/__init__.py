"""What really happened: recorded times, traces, and where they differ from the plan."""
