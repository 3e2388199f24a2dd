"""What people do to the review of an incident, and the review as data. Begin with `review.py`."""
