"""What `pip install .` brings."""

import email
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core import __version__
from core.cli import main
from core.folders import app_folder, installed

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """The wheel as pip would lay it out, apart from the checkout."""
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_all_files_of_the_product_are_in_the_wheel_and_nothing_else(wheel):
    product = [path for room in ("core", "ui") for path in (ROOT / room).rglob("*") if path.is_file()]
    listed = {path.relative_to(ROOT).as_posix() for path in product if "__pycache__" not in path.parts}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.startswith(("core/", "ui/"))} == listed
    assert {name.split("/")[0] for name in names} == {
        "core",
        "ui",
        "spatial_domains",
        f"spatial_domains-{__version__}.dist-info",
    }
    beside = {name.removeprefix("spatial_domains/") for name in names if name.startswith("spatial_domains/")}
    assert {"app.py", "pages/tune.py", ".streamlit/config.toml", "spca_dat/151673.h5"} <= beside


def test_the_wheel_asks_for_what_requirements_txt_asks_for(wheel):
    folder = f"spatial_domains-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        facts = email.message_from_string(archive.read(f"{folder}/METADATA").decode())
        assert "spatial-domains = core.cli:main" in archive.read(f"{folder}/entry_points.txt").decode()
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    asked = {line.split("=")[0].split(">")[0] for line in lines if line and not line.startswith("#")}
    given = {line.split("=")[0].split(">")[0].split("<")[0] for line in facts.get_all("Requires-Dist", [])}
    assert asked == given
    assert "torch==2.13.0" in facts.get_all("Requires-Dist", [])


def test_installed_it_keeps_a_users_data_where_the_system_does_and_brings_the_section_that_ships(site, tmp_path):
    code = (
        "import runpy, sys; from core.cli import main;"
        "runpy.run_module = lambda name, **_: print(name, sys.argv[1:]);"
        "sys.exit(main(['app', '--port', '8600']))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("SPCA_DATA", "SPCA_MODELS")}
    (elsewhere := tmp_path / "elsewhere").mkdir()
    data = tmp_path / "data" / "spatial-domains"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=elsewhere,
            env=environment | {"PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert str(site / "spatial_domains" / "app.py") in done.stdout
        assert "--server.port=8600" in done.stdout
        assert f"Samples are read from {data / 'spca_dat'}" in done.stderr
    shipped = (ROOT / "spca_dat" / "151673.h5").read_bytes()
    assert (data / "spca_dat" / "151673.h5").read_bytes() == shipped
    assert list(elsewhere.iterdir()) == []


def test_in_a_checkout_everything_lies_beside_app_py_and_nothing_is_said(monkeypatch, capsys):
    started = []
    monkeypatch.setattr("runpy.run_module", lambda name, **how: started.append((name, sys.argv[1:])))
    monkeypatch.setattr(sys, "argv", ["python"])
    assert main(["app"]) == 0
    assert not installed()
    assert app_folder() == ROOT
    assert started == [("streamlit", ["run", str(ROOT / "app.py"), "--server.port=8501"])]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("called", "name"), [("/venv/bin/spatial-domains", "spatial-domains"), ("/x/core/__main__.py", "python -m core")]
)
def test_help_names_the_command_as_it_was_called(monkeypatch, capsys, called, name):
    monkeypatch.setattr(sys, "argv", [called])
    with pytest.raises(SystemExit):
        main(["info", "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} info ")
