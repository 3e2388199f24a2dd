"""What a program of a target gets of us, and what it does not. Begin with `sandbox.py`."""
