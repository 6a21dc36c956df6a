"""What contributors run: `make lint`, and the same before each commit."""

import ast
import itertools
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def recipe(target):
    """The commands of a target of the Makefile."""
    (lines,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return [line.strip() for line in lines.splitlines()]


def test_every_check_of_make_lint_is_a_hook_and_every_hook_a_check_of_make_lint():
    entries = re.findall(r"^ +entry: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    checks = [
        command.replace("$(BIN)", ".venv/bin") for command in recipe("lint") if "audit" not in command
    ]  # asks the network, which no commit waits for
    assert sorted(entries) == sorted([*checks, "make --no-print-directory js-check"])


def test_the_lock_file_of_the_javascript_names_no_registry_and_pins_what_package_json_asks_for():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_no_name_of_a_test_holds_the_time_at_which_it_was_packed():
    # Workers that collect tests in different seconds would find different ones, and pytest runs none.
    packed = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        for call in ast.walk(decorator)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "gzip.compress"
        if "mtime" not in [keyword.arg for keyword in call.keywords]
    ]
    assert not packed


def test_scores_are_written_in_one_place_for_all_pages_figures_and_commands():
    by_hand = [
        f"{path.relative_to(ROOT)}: {found}"
        for folder in ("ui", "pages", "core")
        for path in (ROOT / folder).rglob("*.py")
        for found in re.findall(
            r"\{[^{}]*(?:ari|nmi|stability|explained_variance)\b[^{}]*:[^{}]*[.][0-4]f\}", path.read_text()
        )
    ]
    assert not by_hand, "units.score and units.percent write them."


def test_what_a_map_is_called_for_those_who_do_not_see_it_counts_one_as_one():
    by_hand = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "ui").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword | ast.Assign)
        and "description" in ([node.arg] if isinstance(node, ast.keyword) else map(ast.unparse, node.targets))
        for text in ast.walk(node.value)
        if isinstance(text, ast.JoinedStr)
        for part, after in itertools.pairwise(text.values)
        if isinstance(part, ast.FormattedValue) and re.match(r"len\(|n_\w+$", ast.unparse(part.value))
        if isinstance(after, ast.Constant) and re.match(r"(?: \w+)*? \w+s\b", str(after.value))
    ]
    assert not by_hand, "core.text.counted writes a number with its noun."
