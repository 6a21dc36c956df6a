"""docs/deploying.md beside the code: every setting that is read is explained, and none that is not read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deploying.md").read_text()
UNIT = (ROOT / "docs" / "deploying" / "spatial-domains.service").read_text()
SITE = (ROOT / "docs" / "deploying" / "nginx.conf").read_text()
SETTING = r"(?:SPCA|RUNS)_[A-Z_]+|DASK_SCHEDULER_ADDRESS"


def settings_of_the_code():
    code = "".join(path.read_text() for folder in ("core", "ui") for path in (ROOT / folder).rglob("*.py"))
    return set(re.findall(f'"({SETTING})"', code)) - {"SPCA_DLPFC_COUNTS", "SPCA_DLPFC_POSITIONS"}


def test_every_setting_that_the_code_reads_is_in_the_table():
    assert sorted(name for name in settings_of_the_code() if f"`{name}`" not in PAGE) == []


def test_the_page_and_the_service_name_no_setting_that_the_code_does_not_read():
    assert sorted(set(re.findall(SETTING, PAGE + UNIT)) - settings_of_the_code()) == []


def test_nginx_lets_uploads_pass_that_are_as_large_as_the_app_takes():
    config = (ROOT / ".streamlit" / "config.toml").read_text()
    [in_mb] = re.findall(r"^maxUploadSize = (\d+)$", config, flags=re.M)
    assert f"client_max_body_size {in_mb}m;" in SITE


def test_the_service_starts_the_port_that_nginx_passes_on_to():
    assert "--server.port 8501" in UNIT
    assert "proxy_pass http://127.0.0.1:8501;" in SITE
