"""The sample target, and the demo that breaks and mends it. Begin with `show.py`."""
