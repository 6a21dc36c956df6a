"""Who is one person, and who is not."""

from core.people import called, is_same, signed_in


def test_two_people_of_one_name_are_two_and_one_who_is_renamed_stays_himself():
    ada = signed_in("Ada", "https://one.example", "1")
    assert not is_same(ada, signed_in("Ada", "https://one.example", "2"))
    assert not is_same(ada, signed_in("Ada", "https://other.example", "1"))
    assert is_same(ada, signed_in("Ada Lovelace", "https://one.example", "1"))
    assert called(ada) == "Ada"


def test_nobody_becomes_another_by_choosing_a_name():
    ada = signed_in("Ada", "https://one.example", "1")
    assert not is_same(ada, "Ada")
    assert not is_same(ada, signed_in(ada, "https://one.example", "2"))
    assert is_same("Ada", "Ada")
    assert not is_same("Ada", "Ben")


def test_issuer_and_subject_do_not_run_into_each_other():
    assert not is_same(signed_in("A", "https://a", "bc"), signed_in("A", "https://ab", "c"))
