"""The state of this server, for its administrator."""

import streamlit as st

from core.folders import models_folder, samples_folder
from core.work import health
from core.work.health import Check
from ui.data import jobs
from ui.shell.guards import as_markdown


def checks() -> None:
    """Show each check and whether it passed."""
    found = health.check_all(jobs.board(), samples_folder(), models_folder())
    failed = [check for check in found if not check.ok]
    if failed:
        st.error(f"{len(failed)} of {len(found)} checks need attention.")
    else:
        st.success("Everything can be reached.")
    for check in found:
        _line(check)


def _line(check: Check) -> None:
    name, message = st.columns([1, 4], vertical_alignment="center")
    with name:
        st.badge("well" if check.ok else "not well", color="green" if check.ok else "red")
    with message:
        st.markdown(f"**{check.name}** &nbsp; {as_markdown(check.message)}")
