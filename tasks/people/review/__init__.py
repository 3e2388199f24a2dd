"""What people do to a review, and what they see of it. Begin with `review.py`."""
