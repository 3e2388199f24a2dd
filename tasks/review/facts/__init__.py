"""What a review finds on record by itself. Begin with `draft.py`."""
