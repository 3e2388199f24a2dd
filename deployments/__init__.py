"""How it is run: deployments and automations as data, intake, worker, command line."""

import os

# Before Prefect is imported: while its server is away, nothing may start another one in here.
os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
