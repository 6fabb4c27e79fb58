"""One GPU as several virtual devices: a stream each, events between them, and a share of the SMs each."""
