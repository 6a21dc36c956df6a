"""What draws is handed everything: it neither reads nor writes the session, the address or the viewer's theme.

Whoever takes a theme or a `Shown` draws. The names of widgets are no state; what a press does (callbacks, lambdas) is no drawing.
"""

import ast
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parents[2] / "ui"
MODULES = {path.relative_to(UI).as_posix(): ast.parse(path.read_text()) for path in sorted(UI.rglob("*.py"))}
ONLY_DRAW = [
    "shell/charts.py",
    "shell/maps.py",
    "shell/pictures.py",
    "tune/cards.py",
    "tune/maps.py",
    "tune/shown.py",
    "tune/downloads.py",
    "method/lessons.py",
    "runs/compare.py",
]
OWN_WIDGETS = {"tissue_view/component.py", "shell/fields.py"}  # read their own value, as every widget does
HANDED_DOWN = {"Theme", "Shown", "ShownResult", "SectionRuns"}
STATELESS = {"widget_key", "link_to"}  # the second writes the server's own address, the same for every session


def touches_streamlits_state(node):
    """Whether this is `st.session_state`, the address or what Streamlit knows of the viewer."""
    return isinstance(node, ast.Attribute) and node.attr in ("session_state", "query_params", "context")


def keeps_state(tree):
    return any(touches_streamlits_state(node) for node in ast.walk(tree))


KEEPERS = {
    "ui." + name[:-3].replace("/", ".")
    for name, tree in MODULES.items()
    if keeps_state(tree) and name not in OWN_WIDGETS
}


def keepers_in(tree):
    """Names under which a module knows those that keep state, and functions that it takes from them."""
    modules, functions = set(), set()
    for node in [found for found in ast.walk(tree) if isinstance(found, ast.ImportFrom)]:
        for alias in node.names:
            name = alias.asname or alias.name
            if f"{node.module}.{alias.name}" in KEEPERS:
                modules.add(name)
            elif node.module in KEEPERS and alias.name[0].islower() and alias.name not in STATELESS:
                functions.add(name)
    return modules, functions


def calls(node):
    """Every call in a function's own body; what a lambda does waits for a press."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Lambda):
            yield from [child] if isinstance(child, ast.Call) else []
            yield from calls(child)


def touched(node, modules, functions):
    """What a function asks of the session."""
    found = [ast.unparse(part) for part in ast.walk(node) if touches_streamlits_state(part)]
    for call in calls(node):
        match call.func:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in modules and name not in STATELESS:
                found.append(f"{owner}.{name}")
            case ast.Name(id=name) if name in functions:
                found.append(name)
    return found


def draws(function):
    given = {
        part.id
        for item in (*function.args.args, *function.args.kwonlyargs)
        if item.annotation
        for part in ast.walk(item.annotation)
        if isinstance(part, ast.Name)
    }
    return bool(given & HANDED_DOWN)


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("module", ONLY_DRAW)
def test_modules_that_draw_ask_the_session_for_nothing(module):
    assert not touched(MODULES[module], *keepers_in(MODULES[module]))


@pytest.mark.parametrize("module", sorted(set(MODULES) - OWN_WIDGETS))
def test_whoever_is_handed_what_is_shown_asks_the_session_for_nothing_more(module):
    known = keepers_in(MODULES[module])
    asking = {
        item.name: found for item in functions_of(MODULES[module]) if draws(item) and (found := touched(item, *known))
    }
    assert not asking


def test_the_session_and_the_address_count_as_what_keeps_state():
    assert {"ui.shell.session", "ui.shell.address"} <= KEEPERS


def test_a_drawing_function_that_looks_at_the_session_is_found():
    tree = ast.parse("from ui.shell import session\ndef draw(shown: Shown):\n    session.pinned(shown)\n")
    (function,) = functions_of(tree)
    assert draws(function)
    assert touched(function, *keepers_in(tree)) == ["session.pinned"]
