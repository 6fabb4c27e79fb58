"""Who carries programs out: one interpreter, and the ways by which messages travel."""
