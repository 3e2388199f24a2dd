"""The table `[recovery]`, and `[targets.NAME.recovery]` in its place for one target."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.approvals import ApprovalRule
from schemas.incident import Severity


class RecoverySettings(BaseModel):
    """Off without sign_offs: nobody could end the freeze that it begins.

    sign_offs, at_least: as `needs` of an approval: whose signatures release and restore.
    severities: of the incidents after whose containment the target is frozen.
    corrective_action: a first one has to be on record. watch: how long it is watched afterwards.
    look_every: seconds between looks at its health then. drift_every: seconds between looks for
    drift. settle: seconds for which a release must hold while its target is watched.
    hold_for_authority: no rollback and no hotfix by itself before the authority is informed
    (EU AI Act Art. 73(6)); isolation goes on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sign_offs: tuple[str, ...] = ()
    at_least: int | None = Field(default=None, ge=1)
    severities: tuple[Severity, ...] = (Severity.P1, Severity.P2)
    corrective_action: bool = True
    watch: timedelta = Field(default=timedelta(days=7), gt=timedelta())
    look_every: float = Field(default=60.0, ge=10)
    drift_every: float = Field(default=300.0, ge=60)
    settle: float = Field(default=30.0, gt=0)
    hold_for_authority: bool = False

    @model_validator(mode="after")
    def _is_a_rule(self) -> RecoverySettings:
        if self.sign_offs:
            _ = self.rule
        elif self.at_least:
            raise ValueError("at_least needs sign_offs")
        return self

    @property
    def is_on(self) -> bool:
        """True when a containment freezes the target until people sign off."""
        return bool(self.sign_offs)

    @property
    def rule(self) -> ApprovalRule:
        """Whose signatures are needed."""
        return ApprovalRule(needs=self.sign_offs, at_least=self.at_least)
