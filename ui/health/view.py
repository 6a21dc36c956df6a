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
        st.error(f"{len(failed)} of {len(found)} checks {'needs' if len(failed) == 1 else 'need'} attention.")
    else:
        st.success("Everything can be reached.")
    for check in found:
        _line(check)


def _line(check: Check) -> None:
    badge = ":green-badge[well]" if check.ok else ":red-badge[not well]"
    st.markdown(f"{badge} &nbsp; **{check.name}** &nbsp; {as_markdown(check.message)}")
