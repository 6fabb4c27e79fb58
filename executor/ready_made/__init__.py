"""Jobs that can be run without writing code: transformers, their data, and how they are described."""
