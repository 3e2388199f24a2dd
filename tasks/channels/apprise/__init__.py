"""Any address that Apprise knows: phones, push services, e-mail, chats. Begin with `channel.py`."""
