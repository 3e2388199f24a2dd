"""Models and rules: pure data and pure functions, no I/O except reading settings."""
