"""Jira Cloud: tickets and who has them. Begin with `client.py`."""
