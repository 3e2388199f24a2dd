"""What a data breach asks for beside containment. Begin with `page_breach_teams.py`."""
