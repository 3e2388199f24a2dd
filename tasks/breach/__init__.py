"""What a data breach requires besides containment. Begin with `page_breach_teams.py`."""
