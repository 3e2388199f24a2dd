"""Files as AEEF's own command-line tools and starter guides have them, in words of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

REGISTRY = """\
# Which agents work here.
version: 1
project: shop
owners:
  product-owner: "Pia Product"
  tech-lead: "Tom Lead"   # since March
agents:
  - agent_id: product-agent
    role_owner: product-owner
    contract: ai/contracts/product-agent.yaml
    status: active
  - agent_id: developer-agent
    role_owner: tech-lead
    contract: ai/contracts/developer-agent.yaml
    notes: "status: active"
    status: active   # looked at each quarter
"""
CONTRACT = """\
agent_id: developer-agent
contract_version: 1.2.0
role_owner: tech-lead
trust_level: supervised
max_token_budget: 200000
allowed_inputs:
  - user-story
allowed_outputs:
  - code-patch
forbidden_actions:
  - merge-to-protected-branch
  - disable-ci-checks
  - introduce-secrets
  - approve-own-output
required_checks:
  - lint-pass
handoff_required: dev-to-qa
escalation:
  approver_role: tech-lead
  triggers:
    - new-dependency
"""
MARKDOWN_CONTRACT = """\
---
description: "AEEF Developer Agent Contract v1.0.0"
---
# Developer Agent Contract

## Role Owner
Tom Lead

## Trust Level
Supervised — people look at all of it

## Allowed Inputs
- Stories

## FORBIDDEN Actions — You MUST NOT do any of these
- Merge to main or any protected branch
- Use `git push` or `git merge` commands
- Delete files with `rm -rf`
- Write to `.env*` files or `secrets/` directory
- Leave the kitchen untidy

## Required Checks Before Handoff
- [ ] Lint passes
"""


def hook_line(at: datetime, tool: str, tool_input: dict[str, Any], success: str = "true") -> str:
    """One line of `.aeef/runs/audit.log` as its hook writes it: JSON, cut at 200 bytes.

    The hook writes `success` as a word, and `unknown` for what failed.
    """
    text = json.dumps(tool_input, separators=(",", ":"), ensure_ascii=False)
    cut = f"{text}\n".encode()[:200].decode(errors="replace").rstrip("\n")
    entry = {
        "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "session_id": "s-1",
        "tool_name": tool,
        "tool_input_summary": cut,
        "success": success,
    }
    return json.dumps(entry, separators=(",", ":")) + "\n"


def run_record(commit: str, *, reviewed: bool = True, **gates: Any) -> dict[str, Any]:
    """`.aeef/provenance/<run-id>.json` as the skill of the QC role writes it."""
    return {
        "$schema": "aeef-provenance-v1",
        "metadata": {"run_id": "20260301-120000-ab12", "timestamp": "2026-03-01T12:00:00Z"},
        "generation": {
            "tool": "claude-code",
            "tool_version": "2.1.0",
            "model": "claude-opus-4",
            "session_id": "N/A",
            "agent_roles_used": ["architect", "developer", "qc"],
        },
        "source": {
            "head_commit": commit,
            "commits": [{"sha": commit, "author": "an agent", "message": "A change"}],
        },
        "quality_gates": {
            "lint": "pass",
            "tests": "pass",
            "coverage": {"status": "pass", "percentage": "87"},
            "sast": {"status": "pass", "critical_findings": 0, "high_findings": 0},
            **gates,
        },
        "compliance": {
            "ai_disclosure": True,
            "human_review_required": True,
            "human_review_completed": reviewed,
        },
        "attestation": {"generated_by": "aeef-cli/qc-agent", "integrity_hash": "0" * 64},
    }


def schema_record(commit: str | None = None, **review: Any) -> dict[str, Any]:
    """A record of the schema `ai-provenance`."""
    record: dict[str, Any] = {
        "id": "prov-1",
        "generation": {
            "tool": "copilot",
            "model_version": "gpt-5-2026-01",
            "provider": "openai",
            "generation_timestamp": "2026-03-01T12:00:00Z",
            "prompt_template_ref": "prompts/rest.v2",
        },
        "review": {
            "reviewer": "jane.smith",
            "review_date": "2026-03-01T13:00:00Z",
            "human_modifications": "none",
            "approval_status": "approved",
            **review,
        },
        "compliance": {"data_classification": "internal", "security_scan_passed": True},
    }
    if commit:
        record["output"] = {"commit_sha": commit}
    return {"provenance": record}


MESSAGE = """\
Registration

AI-Attribution:
  tool: claude-opus-4
  model-version: claude-opus-4-20250514
  prompt-ref: prompts/rest.v2
  human-modifications: moderate
  reviewer: jane.smith

Ticket: SHOP-1
"""
TRAILERS = "A fix\n\nreviewer: not in a block\n\nAI-Tool: cursor\nAI-Reviewed-By: tom\n"


def handoff(role: str, at: datetime) -> dict[str, Any]:
    """`.aeef/handoffs/<run-id>.json` as the skill of each role writes it."""
    return {
        "$schema": "aeef-handoff-v1",
        "metadata": {
            "run_id": "r1",
            "timestamp": at.isoformat(),
            "source_role": role,
            "target_role": "qc",
            "commit_sha": "a1" * 20,
        },
        "summary": "A story is done",
        "quality_gates": {"tests": "pass"},
        "handoff_checklist": {"no_forbidden_actions": True},
    }


def handoff_artifact(agent: str, at: datetime) -> dict[str, Any]:
    """A handoff of the schema `handoff-artifact`."""
    return {
        "handoff_id": "h1",
        "source_agent": agent,
        "target_agent": "qa-agent",
        "timestamp": at.isoformat(),
        "change_summary": {"what_changed": "a", "files_touched": [], "rationale": "b"},
        "evidence": {"prompt_reference": "p", "contract_version": "1.2.0"},
    }
