"""What becomes of messages that are refused, and of senders that fall silent: `reception.py`."""
