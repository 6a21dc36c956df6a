"""What a visitor leaves on the disk goes soon after the tab was closed."""

from core.io.drafts import Draft
from ui.data.session_end import _SECONDS_TO_COME_BACK, _Held, _Keeper


def test_files_of_a_closed_tab_go_once_it_cannot_come_back_whoever_still_refers_to_them():
    stays, goes = Draft(), Draft()
    keeper, here = _Keeper(), {"here", "gone"}
    keeper.held = [_Held("here", stays.remove), _Held("gone", goes.remove)]
    keeper.look(here.__contains__, 0.0)
    here.discard("gone")
    keeper.look(here.__contains__, 10.0)
    keeper.look(here.__contains__, 10.0 + _SECONDS_TO_COME_BACK - 1)
    assert goes.folder.exists()
    keeper.look(here.__contains__, 10.0 + _SECONDS_TO_COME_BACK)
    assert not goes.folder.exists()
    assert stays.folder.exists()
    assert [item.session for item in keeper.held] == ["here"]
    stays.remove()


def test_a_tab_that_comes_back_in_time_keeps_its_files():
    draft, keeper = Draft(), _Keeper()
    here: set[str] = set()
    keeper.held = [_Held("one", draft.remove)]
    keeper.look(here.__contains__, 0.0)
    here.add("one")
    keeper.look(here.__contains__, 100.0)
    here.clear()
    keeper.look(here.__contains__, 200.0)
    keeper.look(here.__contains__, 200.0 + _SECONDS_TO_COME_BACK - 1)
    assert draft.folder.exists()
    draft.remove()
