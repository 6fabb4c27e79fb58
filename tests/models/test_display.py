from gapweave.models.display import as_html


def test_what_nobody_can_draw_is_left_to_the_notebook() -> None:
    assert as_html("no such kind", object()) is None
