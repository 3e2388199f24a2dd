"""What we talk about: pure data and pure functions, no I/O but reading settings."""
