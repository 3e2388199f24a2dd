"""One name for each package ecosystem, whatever a scanner calls it."""

from __future__ import annotations

_NAMES = {
    "pypi": "pip pipenv poetry uv pylock python-pkg python conda-pkg",
    "npm": "yarn pnpm bun node-pkg javascript",
    "go": "gomod gobinary golang go-module",
    "crates.io": "cargo rustbinary rust rust-crate",
    "maven": "jar pom gradle sbt java-archive",
    "rubygems": "bundler gemspec ruby gem",
    "packagist": "composer composer-vendor php-composer",
    "nuget": "dotnet-core packages-props dotnet",
}
"""The word that OSV uses, and those of Trivy, Grype, GitHub and package URLs for the same."""
_WORDS = {word: name for name, words in _NAMES.items() for word in words.split()}

WITHOUT_MANIFEST = frozenset(
    {"python-pkg", "conda-pkg", "node-pkg", "gobinary", "rustbinary", "jar", "gemspec",
     "composer-vendor"}
)  # fmt: skip
"""Trivy's types for installed packages: no manifest requires them that could be changed."""

KNOWN = frozenset({*_NAMES, *_WORDS})


def ecosystem_of(word: str) -> str:
    """The ecosystem in lower case; an unknown word is kept."""
    word = word.strip().lower()
    return _WORDS.get(word, word)
