"""Where the fixtures are."""

pytest_plugins = ["fixtures_store"]
