import pytest
import torch

from recipes.augmentation import AUGMENTATIONS, Augmentation, augmentation
from remem_dataset.errors import RememError

MEAN, STD = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.25, 0.3])


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 4) -> torch.Tensor:
    raw = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    return (raw - MEAN.view(1, 3, 1, 1)) / STD.view(1, 3, 1, 1)


def test_no_amounts_change_nothing():
    torch.testing.assert_close(
        Augmentation()(pictures(), MEAN, STD, draws()), pictures(), atol=1e-5, rtol=1e-5
    )


def test_flip_mirrors():
    torch.testing.assert_close(
        Augmentation(flip=1.0)(pictures(), MEAN, STD, draws()), pictures().flip(-1), atol=1e-5, rtol=1e-5
    )


def test_brightness_scales_the_picture_and_not_its_normalised_values():
    before = pictures() * STD.view(1, 3, 1, 1) + MEAN.view(1, 3, 1, 1)
    after = Augmentation(brightness=0.2)(pictures(), MEAN, STD, draws()) * STD.view(1, 3, 1, 1) + MEAN.view(
        1, 3, 1, 1
    )
    inside = (after > 0.001) & (after < 0.999)
    for picture in range(len(before)):
        ratios = (after[picture] / before[picture])[inside[picture]]
        assert ratios.std() < 1e-3
        assert 0.8 <= ratios.mean() <= 1.2


def test_strong_keeps_shape_and_range_and_repeats_with_the_seed():
    strong = augmentation("strong")
    first = strong(pictures(), MEAN, STD, draws(3))
    assert torch.equal(first, strong(pictures(), MEAN, STD, draws(3)))
    assert not torch.equal(first, strong(pictures(), MEAN, STD, draws(4)))
    raw = first * STD.view(1, 3, 1, 1) + MEAN.view(1, 3, 1, 1)
    assert raw.shape == (4, 3, 16, 16)
    assert raw.min() > -1e-5
    assert raw.max() < 1 + 1e-5


def test_each_picture_has_its_own_draw():
    same = pictures(1).expand(3, -1, -1, -1)
    changed = Augmentation(zoom=0.3, erase=1.0)(same, MEAN, STD, draws())
    assert not torch.allclose(changed[0], changed[1])


def test_backdrop_keeps_the_middle_and_borrows_the_rest():
    colours = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 32, 32) / 4
    zero, one = torch.zeros(3), torch.ones(3)
    changed = Augmentation(backdrop=1.0)(colours, zero, one, draws(1))
    torch.testing.assert_close(changed[:, :, 14:18, 14:18], colours[:, :, 14:18, 14:18])
    corners = changed[:, 0, 0, 0]
    assert sorted(corners.tolist()) == pytest.approx([0, 0.25, 0.5, 0.75])
    assert not torch.equal(corners, colours[:, 0, 0, 0])
    torch.testing.assert_close(Augmentation(backdrop=0.0)(colours, zero, one, draws(1)), colours)


def test_names():
    assert augmentation("none") is None
    with pytest.raises(RememError, match=", ".join(AUGMENTATIONS)):
        augmentation("weird")
