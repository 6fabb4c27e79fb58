import pytest

from gapweave.reports.colours import THEMES, Theme, ink_on

#: Linear RGB as a dichromat sees it, after Viénot, Brettel and Mollon (1999): rows R, G, B.
DICHROMATS = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


def linear(colour: str) -> tuple[float, ...]:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)


def seen(colour: str, eye: str) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in DICHROMATS[eye])


def luminance(colour: str) -> float:
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("eye", DICHROMATS)
@pytest.mark.parametrize("kind", "FBW")
def test_primary_and_secondary_differ_for_every_eye(theme: Theme, eye: str, kind: str) -> None:
    primary, secondary = seen(theme.shade(0, kind), eye), seen(theme.shade(1, kind), eye)
    assert max(abs(a - b) for a, b in zip(primary, secondary, strict=True)) > 0.2


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("job", range(64))
def test_forward_is_lighter_than_backward_and_backward_than_weight_gradient(theme: Theme, job: int) -> None:
    forward, backward, weight = (luminance(theme.shade(job, kind)) for kind in "FBW")
    assert forward > 1.5 * backward > 3 * weight
    assert theme.shade(job, "O") == theme.shade(job, "W")


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("job", range(5))
@pytest.mark.parametrize("kind", "FBWO")
def test_numbers_read_well_on_every_shade(theme: Theme, job: int, kind: str) -> None:
    fill = theme.shade(job, kind)
    assert contrast(ink_on(fill), fill) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_and_the_darkest_boxes_stand_out_from_the_paper(theme: Theme) -> None:
    assert contrast(theme.ink, theme.paper) >= 7
    assert contrast(theme.quiet_ink, theme.paper) >= 4.5
    assert contrast(theme.ink, theme.best) >= 7
    for job in range(len(theme.hues)):
        assert max(contrast(theme.shade(job, kind), theme.paper) for kind in "FW") >= 3


def test_light_is_lighter_than_dark() -> None:
    light, dark = THEMES["light"], THEMES["dark"]
    assert luminance(light.paper) > 0.9 > 0.1 > luminance(dark.paper)
    assert luminance(light.ink) < 0.1 < 0.5 < luminance(dark.ink)
