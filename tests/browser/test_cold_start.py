"""The first visitor of a server that has drawn no page yet."""

import pytest

from scripts.chromium import served_app

pytestmark = pytest.mark.browser

PAGES = ["Tune", "Sweep", "Tissue", "Annotate", "Guide", "Sections", "Runs", "Method", "Add data", "Glossary"]

WATCH = """
    window.seenInSidebar = [];
    const look = () => {
      const names = [...document.querySelectorAll("[data-testid=stSidebarNavLink]")].map(link => link.innerText.trim());
      if (names.length && window.seenInSidebar.at(-1) !== names.join()) window.seenInSidebar.push(names.join());
    };
    new MutationObserver(look).observe(document, {childList: true, subtree: true, characterData: true});
"""
"""Notes what the sidebar lists whenever the document changes, from before its first script."""


@pytest.mark.parametrize(("path", "title"), [("/sweep", "Sweep"), ("/add_data", "Add data")])
def test_the_sidebar_names_the_pages_and_never_their_files(browser, tmp_path, path, title):
    with served_app(SPCA_PRESET="paper", SPCA_MODELS=str(tmp_path)) as address:
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        page.goto(address + path)
        page.get_by_role("heading", name=title, exact=True).wait_for()
        seen = page.evaluate("window.seenInSidebar")
        page.close()
    assert seen == [",".join(PAGES)]
