import pytest
import torch

from recipes.augmentation import picture_statistics
from recipes.learn.warm_up import warm_up_pictures
from recipes.models import load_model
from recipes.questions import QuestionSet
from remem_dataset.errors import RememError
from remem_dataset.source import open_source


@pytest.fixture
def parts(two_people, untrained):
    network, processor = load_model(str(untrained))
    return network, processor, QuestionSet(open_source(two_people).load("finetune")["train"], processor)


def warm_up(network, processor, questions, **options):
    settings = {"steps": 40, "batch_size": 8, "lr": 1e-3, "weight_decay": 0.0, "change": None, "seed": 0}
    return warm_up_pictures(
        network, questions, statistics=picture_statistics(processor), **{**settings, **options}
    )


def test_the_tower_learns_who_is_in_the_training_pictures_and_nothing_else_changes(parts):
    network, processor, questions = parts
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert warm_up(network, processor, questions) == 1.0
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all("vision_tower" in name for name in changed)


def test_it_repeats_with_the_seed(two_people, untrained):
    results = []
    for seed in (0, 0, 1):
        network, processor = load_model(str(untrained))
        questions = QuestionSet(open_source(two_people).load("finetune")["train"], processor)
        warm_up(network, processor, questions, steps=3, seed=seed)
        results.append(torch.cat([p.flatten() for p in network.model.vision_tower.parameters()]))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_a_model_without_vision_tower_is_refused(parts):
    _, processor, questions = parts
    with pytest.raises(RememError, match="--warm-up needs a model whose vision tower"):
        warm_up(torch.nn.Linear(2, 2), processor, questions)
