"""What is scheduled: instances, task graphs, schedules, and the laws that every schedule obeys."""
