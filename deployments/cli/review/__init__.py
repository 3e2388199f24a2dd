"""`aeef review`: read, write and take away the review of an incident. Begin with `review.py`."""
