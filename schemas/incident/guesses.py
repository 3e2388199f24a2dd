"""Guesses: which words of an alert suggest which type, as data.

Monitoring uses many of these words for something else: budgets are breached, clocks drift, nodes
have agents, networks have coverage. So a guess needs a phrase, not a word, and gives way where the
same sentence, or the alert's name, says what else is meant. Nothing that cannot be undone is done
on a guess (`type_source.py`); whoever knows better writes a rule, or a label `aeef_type`.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.incident.alert import Alert
from schemas.incident.incident_type import IncidentType
from schemas.incident.words import find_phrase, sentences_of

LONGEST_NAME = 80
LONGEST_READ = 4_000
"""Characters of a name or description that are looked at: a page waits for it."""


class Guess(NamedTuple):
    """Phrases (`words.find_phrase`) that suggest a type, and those that mean something else."""

    type: IncidentType
    phrases: tuple[str, ...]
    unless: tuple[str, ...]


class Guessed(NamedTuple):
    """A guessed type, and the words that it was guessed from, for people."""

    type: IncidentType
    words: str


_LOST = (
    "breach|breached|breaches|leak|leaks|leaked|leakage|leaking|exposed|exposure|exfiltrated"
    "|exfiltration|stolen|theft|disclosed|disclosure"
)
_PERSONAL = "personal|personally|customer|customers|patient|patients|cardholder|sensitive"
_RECORDS = "data|information|records"
_SEEN = "found|detected|discovered|identified|reported|suspected|confirmed"
_FELL = (
    "below|under|low|lower|fell|falls|fallen|drop|dropped|drops|decrease|decreased|decreases"
    "|declined|degraded|degradation|regression|reduced"
)
_BOUNDS = (
    "slo|slos|sla|slas|sli|slis|ola|olas|budget|budgets|quota|quotas|threshold|thresholds|limit"
    "|limits|objective|objectives|freshness|latency|retention|capacity|timeout|deadline"
)
"""What is breached or violated every day: no data, and no trust boundary."""
_ABOUT_TOOLS = (
    "scanner|scanners|detector|detectors|exporter|drill|drills|exercise|exercises|simulation"
)
"""The alert is about the tool that looks for it, or about a rehearsal."""

GUESSES: tuple[Guess, ...] = (
    Guess(
        IncidentType.DATA_BREACH,
        (
            f"data {_LOST}",
            "databreach|dataleak",
            f"pii … {_LOST}|{_SEEN}",
            f"phi … {_LOST}",
            f"{_LOST}|unmasked|unencrypted … pii|phi",
            "pii in … log|logs|response|responses|output|bucket|prompt|prompts",
            f"{_PERSONAL} … {_RECORDS} … {_LOST}|published",
            f"{_LOST} of … {_PERSONAL} … {_RECORDS}",
            "exfiltration|exfiltrated|exfiltrating",
            "unauthorized|unauthorised|illegal data access",
            f"unauthorized|unauthorised access to|of … {_RECORDS}|pii|phi",
        ),
        (
            _BOUNDS,
            _ABOUT_TOOLS,
            "memory|goroutine|goroutines|thread|connection|connections|descriptor|descriptors",
            "notification|notifications|overdue|risk",  # of a breach that is known, or that may be
        ),
    ),
    Guess(
        IncidentType.AGENT_VIOLATION,
        (
            "agentviolation",
            "agent|agents … violation|violations|violated|violates|violating",
            "agent|agents … scope|boundary|boundaries … exceeded|crossed|left|violated",
            "agent|agents … trust boundary|boundaries",
            "trust boundary|boundaries … exceeded|crossed|violated|violation",
            "exceeded|crossed|violated|left … trust boundary|boundaries",
            "agent|agents … exceeded|exceeds … permission|permissions|scope|privileges|authority",
            "agent|agents … permission|permissions scope|exceeded",
            "agent|agents … forbidden|prohibited|disallowed|unauthorized|unauthorised … action"
            "|actions|tool|tools|command|commands|call|calls|access|push",
            "forbidden|prohibited|disallowed action|actions … agent|agents",
            "rogue agent|agents",
        ),
        (
            _BOUNDS,
            _ABOUT_TOOLS,
            # Programs that are called agents and have no contract with anybody.
            "node|grafana|alloy|vault|cilium|calico|datadog|elastic|consul|nomad|snmp|telemetry"
            "|monitoring|zabbix|puppet|salt|jenkins|gitlab|teamcity|buildkite|azure|ssm|cloudwatch"
            "|fluent|fluentd|filebeat|logging|log|logs|metrics|trace|tracing|backup|guest|qemu|dhcp"
            "|neutron|ssh|gpg|mail|transfer|user|storage|machine|security|host|network|otel"
            " agent|agents",
        ),
    ),
    Guess(
        IncidentType.SECURITY,
        (
            "cve # #",
            f"cve|cves … {_SEEN}|exploitable|unpatched",
            "critical|high|unpatched|exploited|exploitable … cve|cves",
            f"vulnerability|vulnerabilities … {_SEEN}|disclosed|exploited|unpatched",
            "vulnerability in",
            "critical|high|severe|new|known|unpatched|exploited|exploitable|security vulnerability"
            "|vulnerabilities",
            "vulnerable dependency|dependencies|package|packages|image|images|library|libraries"
            "|component|components",
            "sast|sca|dast finding|findings|issue|issues|alert|alerts",
            f"malware|ransomware|cryptominer|rootkit|webshell|spyware|backdoor … {_SEEN}|infection",
            f"{_SEEN} … malware|ransomware|cryptominer|rootkit|webshell|spyware|backdoor",
            f"secret|secrets|credential|credentials|password|passwords … {_LOST}|compromised",
            "api|access|private key|keys … leaked|leak|exposed|compromised|stolen",
            "security breach|breaches|compromise",
            f"security incident|incidents|finding|findings|vulnerability … {_SEEN}",
            "^ security incident|finding",
            "security scan|scans … failed|finding|findings",
            "intrusion|intrusions … attempt|attempts|detected|suspected",
            "privilege escalation",
            "exploit|exploits|exploitation … attempt|attempts|detected|found",
            "host|server|container|account|image … compromised",
        ),
        (
            _BOUNDS,
            _ABOUT_TOOLS,
            "vulnerability|vulnerabilities|cve|malware … database|db|feed|feeds|definitions",
            "vulnerability|vulnerabilities|cve|security … job|jobs|queue|sync|import|exporter"
            "|outdated|stale",
            "memory|thread|descriptor|descriptors",
        ),
    ),
    Guess(
        IncidentType.DEPLOYMENT_FAILURE,
        (
            "deployment|deployments|deploy|deploys|rollout|rollouts failed|failing|fails|failure"
            "|failures|stuck|unhealthy|aborted",
            "deployment|deploy|rollout is|was|has|got|of failed|failing|stuck|unhealthy|aborted",
            "deployment|deploy|rollout of … failed|failing|stuck",
            "rollout is not progressing",
            "failed deployment|deployments|deploy|deploys|rollout|rollouts",
            "failed to deploy",
            "helm release failed|failing|failure|failures",
            "helmrelease failed|failing|failure|failures",
        ),
        (
            "failure|failures rate|ratio",
            "subgraph|subgraphs",  # an index of a chain, and none of ours
            "generation mismatch",  # Kubernetes' rules call that "has failed", too
            "not been rolled back",
        ),
    ),
    Guess(
        IncidentType.DRIFT,
        (
            "config|configs|configuration|configurations|infrastructure|infra|terraform|opentofu"
            "|pulumi|ansible|gitops|iac|manifest|manifests|settings … drift|drifts|drifted",
            "drift|drifted from|of|in … baseline|config|configuration|manifest|manifests",
            "config|configuration|settings … deviates|deviated|deviating|differs … baseline",
            "configdrift",
        ),
        (
            _ABOUT_TOOLS,
            "clock|clocks|ntp|chrony|chronyd|ptp|timex|timestamp|timestamps|skew",
            "data|feature|features|model|models|concept|prediction|label|embedding|accuracy|replica"
            "|replication|schema|price|sensor … drift|drifts|drifted",
            "drift detection",
        ),
    ),
    Guess(
        IncidentType.QUALITY_DEGRADATION,
        (
            f"mutation score|scores|coverage … {_FELL}",
            f"{_FELL} … mutation score|scores|coverage",
            f"test|tests|code|line|branch|statement coverage … {_FELL}",
            f"{_FELL} … test|tests|code|line|branch|statement coverage",
            f"^ coverage … {_FELL}",
            "quality gate|gates … failed|fails|failing|failure|broken|red",
            f"code|test quality … {_FELL}",
        ),
        (
            _ABOUT_TOOLS,
            "backup|backups|certificate|certificates|index|cache|network|radio|signal|wifi|cell|gps"
            "|probe|probes|metric|metrics|alert|alerts|reservation|reservations|savings|insurance",
        ),
    ),
)
"""The first whose phrase is there wins: what would be worst to miss comes first."""


def guess(alert: Alert) -> Guessed | None:
    """The type that the alert's name and description suggest; None when they suggest none."""
    name = alert.labels.get("alertname", "")[:LONGEST_READ]
    named = sentences_of(name)
    shown = "".join(each for each in name if each.isprintable())[:LONGEST_NAME]
    places = [(each, f"the name {shown}") for each in named]
    places += [(each, "the description") for each in sentences_of(alert.description[:LONGEST_READ])]
    for each in GUESSES:
        if any(_found(each.unless, sentence) for sentence in named):
            continue
        for sentence, place in places:
            words = _found(each.phrases, sentence)
            if words and not _found(each.unless, sentence):
                return Guessed(each.type, f"'{words}' in {place}")
    return None


def _found(phrases: tuple[str, ...], sentence: str) -> str | None:
    return next((found for each in phrases if (found := find_phrase(each, sentence))), None)
