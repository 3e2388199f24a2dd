"""Notifies people once: page, Slack, ticket, stand down. Begin with `page_on_call.py`."""
