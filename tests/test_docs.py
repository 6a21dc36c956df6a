"""What the documentation points to exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md", "docs/method.md"]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("s*_*/README.md")]
)
TOP = r"(?:core|ui|pages|tests|docs|benchmarks|scripts|spca_dat|save_model)"
NAMED = re.compile(rf"`({TOP}/[\w./-]*|core(?:\.\w+)+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(text):
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def exists(name):
    if "/" in name:
        return (ROOT / name).exists()
    parts = name.split(".")  # a module, or what one defines
    module = ROOT.joinpath(*parts)
    return module.with_suffix(".py").exists() or module.is_dir() or module.parent.with_suffix(".py").exists()


@pytest.mark.parametrize("page", GUIDES)
def test_every_path_and_module_that_a_guide_names_exists(page):
    named = NAMED.findall((ROOT / page).read_text())
    assert named
    assert [name for name in named if not exists(name)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    path = ROOT / page
    for target, anchor in LINK.findall(path.read_text()):
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), f"{page} links to {target}"
        assert not anchor or anchor in anchors(there.read_text()), f"{page} links to {target}#{anchor}"


def test_a_path_that_is_gone_is_noticed():
    assert NAMED.findall("see `core/places.py` and `core.places.Places`") == ["core/places.py", "core.places.Places"]
    assert not exists("core/places.py")
    assert not exists("core.places.Places")
