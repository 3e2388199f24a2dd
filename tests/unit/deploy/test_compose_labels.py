"""Which files and folder Compose's labels name, whichever Compose wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.deploy.compose.labels import files_as_here, files_of

FOLDER = "com.docker.compose.project.working_dir"
FILES = "com.docker.compose.project.config_files"
OURS = "/home/aeef/rollbacks/shop/compose.override.yml"


@pytest.mark.parametrize(
    ("folder", "files", "expected"),
    [
        ("/srv/shop", "/srv/shop/a.yml,/etc/b.yml", ["/srv/shop/a.yml", "/etc/b.yml"]),
        ("/srv/shop", "a.yml,b.yml", ["/srv/shop/a.yml", "/srv/shop/b.yml"]),
        ("/srv/shop/sub", "sub/a.yml,sub/b.yml", ["/srv/shop/sub/a.yml", "/srv/shop/sub/b.yml"]),
        ("/srv/shop/sub", "sub/a.yml,b.yml", ["/srv/shop/sub/a.yml", "/srv/shop/b.yml"]),
        ("/srv/shop", "../shop/a.yml,../shop/b.yml", ["/srv/shop/a.yml", "/srv/shop/b.yml"]),
        ("/srv/shop", f"/srv/shop/a.yml,{OURS}", ["/srv/shop/a.yml"]),
        ("/srv", "a.yml,compose.override.yml", ["/srv/a.yml", "/srv/compose.override.yml"]),
        ("/srv/shop", "", []),
    ],
    ids=["v2", "1.x", "from above", "two folders", "from beside", "ours", "theirs", "none"],
)  # fmt: skip
def test_the_files_are_whole_paths_without_ours(
    folder: str, files: str, expected: list[str]
) -> None:
    """1.x writes names as they were typed, in a folder that it does not write."""
    assert [Path(each) for each in expected] == list(files_of({FOLDER: folder, FILES: files}))


def test_the_files_of_an_accepted_folder_count_as_ours() -> None:
    """A pipeline's checkout; a file outside of it stays what it is."""
    labels = {FOLDER: "/builds/shop", FILES: "/builds/shop/a.yml,/etc/b.yml"}
    here = Path("/srv/shop")

    accepted = files_as_here(labels, here, [Path("/builds/shop")])
    assert (here / "a.yml", Path("/etc/b.yml")) == accepted
    assert files_of(labels) == files_as_here(labels, here, [Path("/builds/other")])
