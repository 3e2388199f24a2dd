"""The AI dimensions of an incident (AEEF incident guide, "Incident Classification")."""

from __future__ import annotations

from enum import StrEnum


class DefectOrigin(StrEnum):
    """Where the defect came from. NOT_AI: generated code has no part in it; UNKNOWN: not found."""

    AI_GENERATED = "ai-generated"
    AI_MODIFIED = "ai-modified"
    AI_ADJACENT = "ai-adjacent"
    NOT_AI = "not-ai"
    UNKNOWN = "unknown"


class FailureMode(StrEnum):
    """How it failed."""

    HALLUCINATION = "hallucination"
    LOGIC_ERROR = "logic-error"
    SECURITY_VULNERABILITY = "security-vulnerability"
    PERFORMANCE = "performance"
    INTEGRATION = "integration"
    DATA_HANDLING = "data-handling"
    CONFIGURATION = "configuration"


class ValidationGap(StrEnum):
    """Which layer should have caught it."""

    TEST_GAP = "test-gap"
    REVIEW_GAP = "review-gap"
    SCAN_GAP = "scan-gap"
    PROMPT_GAP = "prompt-gap"
    PROCESS_GAP = "process-gap"
