"""An AI agent suspended and resumed, its log kept as evidence. Begin with `suspend_agent.py`."""
