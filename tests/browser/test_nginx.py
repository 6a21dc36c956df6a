"""The site for nginx that docs/deploying shows, in a real nginx on the loopback address: pages, WebSockets, uploads."""

import os
import re
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from scripts.chromium import served_app
from tests.core.work.outside_cluster import free_port, wait_until

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "deploying" / "nginx.conf"
MAIN = """daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
include {folder}/site; }}
"""


def certify(folder):
    """Write a certificate of one day that signs itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    (folder / "cert").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


def write_site(folder, app, plain_port, tls_port):
    """Put this machine's ports and files into the shipped site; each must be there to be replaced."""
    site = SITE.read_text()
    for shipped, here in {
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{tls_port} ssl;",
        "/etc/ssl/certs/domains.pem": f"{folder}/cert",
        "/etc/ssl/private/domains.key": f"{folder}/key",
        "http://127.0.0.1:8501": app,
    }.items():
        assert site.count(shipped) == 1
        site = site.replace(shipped, here)
    (folder / "site").write_text(site)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))


def listens(port):
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def address(tmp_path):
    """Where nginx listens, in front of the app with an empty folder of samples but one."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip("needs nginx (Debian, Ubuntu: apt install nginx)")
    (tmp_path / "samples").mkdir()
    shutil.copy(ROOT / "spca_dat" / "151673.h5", tmp_path / "samples")
    certify(tmp_path)
    port = free_port()
    with served_app(SPCA_DATA=str(tmp_path / "samples"), SPCA_MODELS=str(tmp_path / "models")) as app:
        write_site(tmp_path, app, free_port(), port)
        command = [program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "errors")]
        with subprocess.Popen(command) as process:
            try:
                wait_until(lambda: listens(port))
                yield f"https://127.0.0.1:{port}"
            finally:
                process.terminate()


@pytest.fixture
def page(browser, address):
    """A browser that takes the certificate as it is, on the first page."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    yield page
    context.close()


def test_the_first_page_opens_and_an_upload_larger_than_nginxs_own_limit_arrives(page, address):
    page.locator(".legend .label").first.wait_for()
    expect(page.get_by_text("2,929 spots").first).to_be_visible()
    large = ROOT / "spca_dat" / "151673.h5"
    assert large.stat().st_size > 2**20
    page.goto(f"{address}/add_data")
    page.locator("input[type=file]").first.set_input_files(large)
    expect(page.get_by_text(re.compile("2,929 spots")).first).to_be_visible(timeout=120_000)
