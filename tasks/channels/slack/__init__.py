"""Slack: messages, threads, restricted channels. Begin with `client.py`."""
