"""Buttons, forms and commands: what people press and type in Slack. Begin with `buttons.py`."""
