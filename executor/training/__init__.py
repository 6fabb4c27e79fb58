"""What trains: jobs, their stages with forward and backward passes, and the same job alone for comparison."""
