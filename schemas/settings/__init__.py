"""Everything that can be set: `aeef.toml` and AEEF_ variables. Begin with `settings.py`."""

from schemas.health import Health
from schemas.settings.channels import JIRA_PRIORITIES, SLACK_CHANNELS
from schemas.settings.config_file import config_path
from schemas.settings.load import load_settings, unknown_variables
from schemas.settings.prefect_patches import PATCHES_VARIABLE, PrefectPatch, patches_chosen
from schemas.settings.sections import GithubSettings, RetrySettings, WorkerKind, WorkerSettings
from schemas.settings.settings import Settings
from schemas.settings.sign_in import OidcSettings
from schemas.settings.target import DriftFile, Target, TargetDrift

__all__ = [
    "JIRA_PRIORITIES",
    "PATCHES_VARIABLE",
    "SLACK_CHANNELS",
    "DriftFile",
    "GithubSettings",
    "Health",
    "OidcSettings",
    "PrefectPatch",
    "RetrySettings",
    "Settings",
    "Target",
    "TargetDrift",
    "WorkerKind",
    "WorkerSettings",
    "config_path",
    "load_settings",
    "patches_chosen",
    "unknown_variables",
]
