"""Replay: what runs a solved schedule, and what records it. Nothing else in gapweave imports torch."""
