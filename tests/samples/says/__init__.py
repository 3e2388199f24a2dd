"""What runbooks say, and what must have been seen for it. Begin with `sentences.py`."""
