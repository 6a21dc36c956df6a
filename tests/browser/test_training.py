"""Training in a real Chromium, on the section that ships."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def choose_autoencoder(page, *, width, epochs):
    box = page.get_by_role("combobox", name="Embedding")
    box.evaluate(
        "node => node.scrollIntoView({block: 'center'})"
    )  # at the window's foot the list shows its first entries alone
    box.click()
    box.press_sequentially("Autoencoder code")
    page.get_by_role("option", name="Autoencoder code", exact=True).click()
    expander = page.get_by_test_id("stExpander").filter(has_text="Autoencoder").first
    expander.locator("summary").click()
    for name, number in (("Width", width), ("Epochs", epochs)):
        field = page.get_by_role("spinbutton", name=re.compile(f"^{name}"))
        field.fill(str(number))
        field.press("Enter")
        settled(page)


def settled(page):
    page.wait_for_timeout(300)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )


def train_button(page, name="Train"):
    return page.get_by_role("button", name=name, exact=True)


def wait_for_progress(page, epochs):
    page.get_by_text(re.compile(rf"Epoch \d+ of {epochs}, loss")).wait_for()


def test_training_ends_in_a_result_without_another_click(open_page):
    page = open_page()
    choose_autoencoder(page, width=8, epochs=4)
    train_button(page).click()
    train_button(page, "Trained").wait_for()
    page.get_by_role("heading", name="Training").wait_for()
    ari = page.get_by_test_id("stMetric").filter(has_text="ARI").get_by_test_id("stMetricValue")
    expect(ari).to_have_text(re.compile(r"^-?0\.\d{3}$"))
    assert page.get_by_test_id("stException").count() == 0


def test_a_training_goes_on_over_a_reload_with_a_curve_that_stays_and_ends_on_cancel(open_page):
    page = open_page()
    choose_autoencoder(page, width=17, epochs=5000)
    train_button(page).click()
    wait_for_progress(page, 5000)
    canvas = page.get_by_test_id("stEChartsChart").locator("canvas")
    canvas.wait_for()
    canvas.evaluate("node => { node.dataset.known = 'yes' }")
    before = page.get_by_text(re.compile(r"Epoch \d+ of 5000")).inner_text()
    page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
    assert canvas.get_attribute("data-known") == "yes"
    page.reload()
    page.get_by_test_id("stMetric").first.wait_for()
    settled(page)
    if train_button(page, "Training").count() == 0:  # the address does not carry knobs
        choose_autoencoder(page, width=17, epochs=5000)
    train_button(page, "Training").wait_for()
    wait_for_progress(page, 5000)
    train_button(page, "Cancel").click()
    page.get_by_text("The last training was cancelled.").wait_for()
    expect(train_button(page)).to_be_enabled()
