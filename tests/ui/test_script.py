"""The modules of the linked maps as the one script that Streamlit takes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ui.tissue_view import component
from ui.tissue_view.script import joined, with_styles

FOLDER = Path(component.__file__).parent / "js"
NAME = re.compile(r"^(?:export )?(?:const|let|class|function) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r'from "\./(\w+)\.js";$', re.MULTILINE)


@pytest.fixture(scope="module")
def script():
    return component._SCRIPT.decode()


def test_every_module_is_in_the_script_behind_those_that_it_imports():
    assert sorted(component._MODULES) == sorted(path.stem for path in FOLDER.glob("*.js"))
    for n, name in enumerate(component._MODULES):
        imported = IMPORTED.findall((FOLDER / f"{name}.js").read_text(encoding="utf-8"))
        assert set(imported) <= set(component._MODULES[:n])


def test_the_script_links_to_nothing_and_exports_one_function(script):
    assert not re.search(r"^import\b", script, re.MULTILINE)
    assert re.findall(r"^export\b.*", script, re.MULTILINE) == [
        "export default function ({ parentElement, data, setStateValue, setTriggerValue }) {"
    ]


def test_the_script_brings_the_styles_without_their_comments():
    assert with_styles("draw();", '.a { content: "\\2713"; }\n/* why */\n.b { top: 0; }\n') == (
        'const STYLES = ".a { content: \\"\\\\2713\\"; }\\n.b { top: 0; }\\n";\ndraw();'
    )


def test_no_two_modules_declare_the_same_name(script):
    names = NAME.findall(script)
    assert len(names) > 40
    assert len(names) == len(set(names))


def test_an_import_over_several_lines_is_left_out_whole(tmp_path):
    (tmp_path / "one.js").write_text("export const a = 1;\nexport function b() {}\n")
    (tmp_path / "two.js").write_text('import {\n  a, b,\n} from "./one.js";\nexport default () => b(a);\n')
    assert joined(tmp_path, ["one", "two"]) == "const a = 1;\nfunction b() {}\n\nexport default () => b(a);\n"


def test_the_script_is_a_module_that_node_reads(script, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    path = tmp_path / "script.mjs"
    path.write_text(script, encoding="utf-8")
    subprocess.run([node, "--check", path], check=True)
