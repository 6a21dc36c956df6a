"""What users can do with runs: star, rename, open, delete, restore, and import them from files."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.figures.colours import Theme
from core.text import counted
from core.work.runs import Run
from core.work.runs.run import MAX_NAME, MAX_NOTE
from ui.data import user
from ui.data.kept_runs import KeptRun
from ui.data.record import record
from ui.runs import downloads, state, taking_in
from ui.runs.listing import Listing
from ui.shell import guards, session
from ui.shell.buttons import icon_button, on_primary
from ui.shell.guards import as_markdown

MOST_SIDE_BY_SIDE = 6


def header(listed: Listing) -> None:
    """Show the title and the number of runs, and offer to undo a deletion and to import a run."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Runs", anchor=False, width="content")
        n_all, n_listed = len(listed.everything), len(listed.runs) + sum(len(fold.runs) for fold in listed.folds)
        count = f"{n_listed:,} of " * (n_all != n_listed) + counted(n_all, "run")
        st.badge(count, color="gray", help="The runs listed below, out of all kept runs.")
        st.space("stretch")
        _undo_button()
        with st.popover(
            "Import", icon=":material/upload:", type="tertiary", help="Import a run that somebody sent you."
        ):
            taking_in.a_file()


def _undo_button() -> None:
    gone = state.deleted_runs()
    st.button(
        "Undo" + f" ({len(gone)} deleted)" * bool(gone),
        key=session.widget_key("runs", "undo"),
        type="tertiary",
        icon=":material/undo:",
        help="Restore the runs that were deleted last.",
        disabled=not gone,
        on_click=_restore,
        args=(gone,),
    )


def dismiss_damaged() -> None:
    """Offer to name damaged runs no more, to whom they belonged, as far as their rows still say it."""
    mine = [run_id for run_id, who in record().owners_of_damaged.items() if user.may_delete(who)]
    if mine:
        own = "run of yours" if len(mine) == 1 else "runs of yours"
        st.button(
            f"Dismiss {counted(len(mine), f'damaged {own}', f'damaged {own}')}",
            key=session.widget_key("runs", "dismiss"),
            type="tertiary",
            help="They are named no more; nothing of them is lost. `python -m core runs delete --undo` names them again.",
            on_click=_dismiss,
            args=(tuple(mine),),
        )


def _dismiss(ids: Sequence[str]) -> None:
    with guards.kept_for_the_page():
        for run_id in ids:
            record().dismiss(run_id)


def bar(listed: Listing, chosen: Sequence[KeptRun], theme: Theme) -> None:
    """Offer what can be done with the chosen runs; the height is the same for any choice."""
    ids = [kept.run.id for kept in chosen]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_how_many(ids, listed), width="content")
        if ids:
            icon_button(
                "Choose none of the runs",
                ":material/close:",
                key=session.widget_key("runs", "none"),
                help="Clear the choice.",
                disabled=False,
                on_click=state.choose_runs,
                args=((),),
            )
        st.space("stretch")
        if listed.deleted:
            _button("Bring back", "restore", ":material/undo:", "List these runs again.", bool(ids), _restore, ids)
            return
        # One group, so that in a narrow window all buttons move to a new row together.
        with st.container(key="runs-acts", horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            _open_button(chosen)
            _star_button(chosen)
            _rename(chosen)
            downloads.popover(chosen, theme)
            _button("Delete", "delete", ":material/delete:", "Delete these runs; Undo restores them.", bool(ids), _delete, ids)  # fmt: skip


def _how_many(ids: Sequence[str], listed: Listing) -> str:
    if not ids:
        return "Tick runs to compare"
    in_sweeps = {run.id for fold in listed.folds for run in fold.runs} & set(ids)
    filtered = set(ids) - in_sweeps - {run.id for run in listed.runs}
    told = [f"**{len(ids)} chosen**"]
    told += [_part(len(in_sweeps), len(ids)) + "in the row of a sweep"] * bool(in_sweeps)
    told += [_part(len(filtered), len(ids)) + "hidden by filters"] * bool(filtered)
    return ", ".join(told)


def _part(n: int, n_all: int) -> str:
    """Say how many of the chosen runs, where it is not the only one."""
    if n < n_all:
        return f"{n} "
    return {1: "", 2: "both "}.get(n, "all ")


def _button(
    label: str,
    name: str,
    icon: str,
    help_text: str,
    enabled: bool,
    act: Callable[[Sequence[str]], None],
    ids: Sequence[str],
) -> None:
    st.button(
        label,
        key=session.widget_key("runs", name),
        type="tertiary",
        icon=icon or None,
        help=help_text,
        disabled=not enabled,
        on_click=act,
        args=(tuple(ids),),
    )


def _open_button(chosen: Sequence[KeptRun]) -> None:
    one = chosen[0] if len(chosen) == 1 else None
    there = one is not None and one.sample is not None
    help_text = "Show this run on Tune, with its sample and all its settings."
    if one is not None and not there:
        help_text = f"The sample {as_markdown(one.run.sample_name)} is not here, or now holds other data."
    if st.button(
        "Open",
        key=session.widget_key("runs", "open"),
        type="tertiary",
        icon=":material/tune:",
        help=help_text if one is not None else "Choose one run.",
        disabled=not there,
    ):
        # Open it by its link, so that Tune shows its name.
        page = "pages/guide.py" if chosen[0].run.guided else "pages/tune.py"
        st.switch_page(page, query_params={"run": chosen[0].run.id})


def _star_button(chosen: Sequence[KeptRun]) -> None:
    all_starred = bool(chosen) and all(kept.run.starred for kept in chosen)
    st.button(
        "Unstar" if all_starred else "Star",
        key=session.widget_key("runs", "star"),
        type="tertiary",
        icon=":material/star:",
        help="The list can show starred runs alone.",
        disabled=not chosen,
        on_click=_star,
        args=(tuple(kept.run.id for kept in chosen), not all_starred),
    )


def _star(ids: Sequence[str], starred: bool) -> None:
    with guards.kept_for_the_page():
        for run in ids:
            record().change(run, starred=starred)


def _rename(chosen: Sequence[KeptRun]) -> None:
    one = chosen[0].run if len(chosen) == 1 else None
    help_text = "Change the name and the note of the chosen run." if one is not None else "Choose one run."
    if one is not None and not user.may_describe(one):
        one, help_text = None, "On this server, only who kept a run may change its name and its note."
    with st.popover("Rename", icon=":material/edit:", type="tertiary", help=help_text, disabled=one is None):
        if one is not None:
            _name_and_note(one, chosen[0].name)


def _name_and_note(run: Run, called: str) -> None:
    with st.form(session.widget_key("runs", "about", run.id), border=False):
        name = st.text_input("Name", run.name, max_chars=MAX_NAME, placeholder=called)
        note = st.text_area("Note", run.note, max_chars=MAX_NOTE, help="Your remarks on this run.")
        saved = st.form_submit_button(on_primary("Save"), type="primary")
    if saved:
        record().change(run.id, name=name, note=note)
        st.rerun()


def _delete(ids: Sequence[str]) -> None:
    with guards.kept_for_the_page():
        mine = [run for run in ids if user.may_delete(record().run(run).who)]
        for run in mine:
            record().delete(run)
        state.remember_deleted(mine)
        state.choose_runs(run for run in state.chosen_runs() if run not in mine)
        if len(mine) < len(ids):
            st.warning(
                "Runs of other people were not deleted: on this server, only the person who kept a run may delete it."
            )


def _restore(ids: Sequence[str]) -> None:
    with guards.kept_for_the_page():
        mine = [run for run in ids if user.may_delete(record().run(run).who)]
        for run in mine:
            record().restore(run)
        state.remember_deleted(run for run in state.deleted_runs() if run not in mine)
        state.choose_runs(mine)
        if len(mine) < len(ids):
            st.warning("Runs of other people were not brought back: on this server, only who kept a run may do that.")
