"""How a primary runs if nobody says otherwise; in a file of its own, which costs nothing to import."""

#: Name of the single-job policy.
DEFAULT_POLICY = "1f1b"
