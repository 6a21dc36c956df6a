"""Widgets that are told their value only where they need it."""

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from ui.shell import session

    ends = st.session_state.setdefault("ends", 5)
    session.show_unless_shown("number", 3, ends)
    st.slider("Number", 1, ends, key="number")


def test_a_slider_with_other_ends_is_told_the_value_that_it_had():
    app = AppTest.from_function(page).run()
    assert (app.slider("number").value, app.slider("number").proto.set_value) == (3, True)
    app.run()
    assert (app.slider("number").value, app.slider("number").proto.set_value) == (3, False)
    app.session_state["ends"] = 9
    app.run()
    assert (app.slider("number").value, app.slider("number").max, app.slider("number").proto.set_value) == (3, 9, True)
