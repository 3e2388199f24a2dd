"""Jira Cloud: tickets and their assignees. Begin with `client.py`."""
