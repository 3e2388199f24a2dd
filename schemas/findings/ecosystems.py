"""What scanners call the places that packages come from, in one word each."""

from __future__ import annotations

_NAMES = {
    "pypi": "pip pipenv poetry uv pylock python-pkg python conda-pkg",
    "npm": "yarn pnpm bun node-pkg javascript",
    "go": "gomod gobinary golang",
    "crates.io": "cargo rustbinary rust",
    "maven": "jar pom gradle sbt",
    "rubygems": "bundler gemspec ruby",
    "packagist": "composer composer-vendor",
    "nuget": "dotnet-core packages-props",
}
"""The word that OSV uses, and those of Trivy and GitHub for the same."""
_WORDS = {word: name for name, words in _NAMES.items() for word in words.split()}

WITHOUT_MANIFEST = frozenset(
    {"python-pkg", "conda-pkg", "node-pkg", "gobinary", "rustbinary", "jar", "gemspec",
     "composer-vendor"}
)  # fmt: skip
"""Trivy's types of what it found installed: no file asks for it that could be changed."""

KNOWN = frozenset({*_NAMES, *_WORDS})


def ecosystem_of(word: str) -> str:
    """The ecosystem in lower case; a word that we do not know stays."""
    word = word.strip().lower()
    return _WORDS.get(word, word)
