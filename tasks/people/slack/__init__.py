"""What people do from Slack: `command.py` for what they type, `press.py` for buttons and forms."""
