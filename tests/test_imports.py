import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "core").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.strip()


def test_importing_all_of_core_leaves_streamlit_out():
    imports = "; ".join(f"import {name}" for name in CORE)
    assert python(f"import sys; {imports}; print('streamlit' in sys.modules)") == "False"


def test_the_command_line_starts_without_torch_and_plotly():
    # Both take seconds to import, and most commands do without.
    loaded = python("import sys, core.cli; print([m for m in ('torch', 'plotly', 'pandas') if m in sys.modules])")
    assert loaded == "[]"


def test_app_py_uses_only_streamlit_and_the_modules_that_pages_use():
    tree = ast.parse((ROOT / "app.py").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {module.split(".")[0] for module in modules if module} <= {"streamlit", "ui", "pathlib"}


@pytest.mark.parametrize("folder", ["core", "ui", "pages"])
def test_nothing_unpickles_or_loads_with_deepdish(folder):
    forbidden = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & set(names), path
