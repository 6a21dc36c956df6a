"""Names and the queue in a real browser: kept over sessions, and given by a sign-in where the server asks for one."""

import re
import socket
import subprocess
import sys
import textwrap

import pytest
from playwright.sync_api import expect

from scripts.chromium import served
from tests.core.work.outside_cluster import free_port, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def rename(page, name):
    page.get_by_role("button", name=re.compile("Guest")).click()
    field = page.get_by_role("textbox", name="Your name")
    field.fill(name)
    field.press("Enter")
    expect(page.get_by_role("button", name=name)).to_be_visible()


def test_the_browser_keeps_a_name_for_the_next_session_and_another_browser_has_its_own(open_page):
    page = open_page()
    guest = page.get_by_role("button", name=re.compile("Guest")).inner_text().split()[1]
    rename(page, "Ada Lovelace")
    page.wait_for_function(f"document.cookie.includes('Ada%20Lovelace&Guest%20{guest}')")  # the browser has been told
    page.reload()
    expect(page.get_by_role("button", name="Ada Lovelace")).to_be_visible()
    other = open_page()
    expect(other.get_by_role("button", name=re.compile("Guest"))).to_be_visible()


@pytest.fixture
def provider():
    """A provider of OpenID Connect in a process of its own, which believes any name."""
    port = str(free_port())
    with subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", "--port", port]) as process:
        wait_until(lambda: answers(port))
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


def test_where_the_server_asks_for_it_one_signs_in_first_and_is_called_by_that_name(browser, provider, tmp_path):
    port, secrets_file = free_port(), tmp_path / "secrets.toml"
    secrets_file.write_text(
        textwrap.dedent(f"""
        [auth]
        redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
        cookie_secret = "{"0123456789abcdef" * 2}"
        client_id = "spatial-domains"
        client_secret = "of a test"
        server_metadata_url = "{provider}/.well-known/openid-configuration"
        """)
    )
    settings = {"STREAMLIT_SECRETS_FILES": str(secrets_file), "SPCA_MODELS": str(tmp_path / "models")}
    with served("app.py", port=str(port), **settings) as server:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.goto(server.address)
        expect(page.get_by_text("This server requires a sign-in")).to_be_visible()
        expect(page.locator(".legend .label")).to_have_count(0)
        page.get_by_role("button", name="Sign in").click()
        page.locator("input[name=sub]").fill("ada@example.org")
        page.get_by_role("button", name="Authorize").click()
        page.locator(".legend .label").first.wait_for()
        # A sign without width keeps the name from being a link.
        page.get_by_role("button", name=re.compile("ada.?@example.org")).click()
        expect(page.get_by_text("Signed in as")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="End session").click()  # the provider's own page
        expect(page.get_by_text("This server requires a sign-in")).to_be_visible()
        page.context.close()
