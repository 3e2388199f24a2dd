"""A target whose coverage fell: a real repository with reports, a good release, and owners."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from samples.targets import command_target, git, write_json
from schemas.quality import TargetQuality
from schemas.settings import Target
from support import TESTS

SAMPLES = TESTS / "samples" / "quality"
AUTHOR = "Grace `Hopper` | **[x](http:evil) <grace@example.org>"
OWNERS = "* @shop/everyone\n/shop/ @shop/cart @ada\n/shop/mail.py\n"
ACCOUNT = "5b109f2e9729b51b54dc274d"


class QualitySample(NamedTuple):
    """The target; the release that is proven good, and the commit that is checked out."""

    target: Target
    good: str
    head: str


def quality_target(tmp_path: Path, *, owners: str | None = OWNERS) -> QualitySample:
    """The demo target, with a package whose real reports lie in the work tree, not in git."""
    target = command_target(tmp_path)
    root = target.repository
    good = git(root, "rev-parse", "HEAD~1")
    (root / "shop").mkdir()
    for name in ("__init__.py", "cart.py", "mail.py"):
        (root / "shop" / name).write_text(f"# {name}\n")
    if owners is not None:
        (root / ".github").mkdir()
        (root / ".github" / "CODEOWNERS").write_text(owners)
        git(root, "add", ".github")
    git(root, "add", "shop")
    git(root, "commit", "--quiet", "--author", AUTHOR, "--message", "Cart: `discounts` | <@U1>")
    (root / "coverage.xml").write_bytes((SAMPLES / "cobertura.xml").read_bytes())
    (root / "mutation.txt").write_bytes((SAMPLES / "mutmut-3-results.txt").read_bytes())
    wanted = TargetQuality(coverage=("coverage.xml",), mutation=("mutation.txt",))
    return QualitySample(
        target.model_copy(update={"quality": wanted}), good, git(root, "rev-parse", "HEAD")
    )


def save_good_summary(sample: QualitySample) -> None:
    """The release was better: nearly all of the cart was covered."""
    files = {
        "shop/cart.py": {"line": [14, 15], "branch": [8, 8], "mutation": [20, 23]},
        "shop/mail.py": {"line": [2, 2], "mutation": [4, 4]},
    }
    path = sample.target.repository / "quality" / f"{sample.good}.json"
    write_json(path, {"commit": sample.good, "files": files})
