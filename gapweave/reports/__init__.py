"""What people look at: charts of a schedule and tables for other programs."""
