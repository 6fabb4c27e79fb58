"""The form that answers more for its work has more turns; the other one is never given up."""

from gapweave.solver.memory_forms import FORMS, MemoryForm, MemoryForms


def work_until(forms: MemoryForms, questions: int, answering: MemoryForm | None) -> dict[MemoryForm, float]:
    """Ask one question after the other; what does not answer takes the whole budget, which doubles."""
    spent, budget = dict.fromkeys(FORMS, 0.0), 0.1
    for _ in range(questions):
        form = forms.begin(budget)
        is_answered = form == answering
        work = budget / 10 if is_answered else budget
        forms.end(form, budget, work, is_answered=is_answered)
        spent[form] += work
        budget *= 1 if is_answered else 2
    return spent


def test_without_answers_both_forms_have_about_as_much() -> None:
    spent = work_until(MemoryForms(0.1), 8, None)
    assert max(spent.values()) <= 3 * min(spent.values())


def test_threads_that_ask_at_once_use_both() -> None:
    forms = MemoryForms(0.1)
    assert {forms.begin(0.1), forms.begin(0.1)} == set(FORMS)


def test_the_form_that_answers_is_used_from_then_on() -> None:
    for answering in FORMS:
        forms = MemoryForms(0.1)
        work_until(forms, 4, answering)
        assert forms.begin(0.1) == answering
