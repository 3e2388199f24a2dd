"""What is required, as data, and which tests prove it. Begin with `requirement.py`."""
