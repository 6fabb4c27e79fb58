"""Large-neighbourhood search by windows: what it keeps, and that its small models say the truth."""
