"""The ticket of an incident: made, watched, closed. Begin with `create_ticket.py`."""
