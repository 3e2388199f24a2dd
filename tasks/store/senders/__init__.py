"""What is kept of those who send alerts: bodies that were refused (`refused.py`), silence."""
