"""Publishing fifty times with something going wrong on the way: all or nothing, and never a second tag."""

from __future__ import annotations

import contextlib
import random

import pytest
from huggingface_hub import HfApi

from remem_dataset.errors import RememError
from remem_dataset.hub.contents import Contents
from remem_dataset.hub.errors import bound_waits
from remem_dataset.hub.publish import publish
from tests.fakes.hub import OWNER, Fault

REPO, VERSION = "lab/remem", "v1.0.0"

#: Requests of a publication in the order in which they are first made, and how often each is made at least.
STEPS = (
    ("GET", r"/api/datasets/lab/remem$", 2),
    ("POST", "/repos/create", 1),
    ("GET", "/refs", 1),
    ("GET", "/tree/", 2),
    ("POST", "/validate-yaml", 1),
    ("POST", "/preupload/", 1),
    ("POST", "objects/batch", 1),
    ("PUT", "/lfs/", 15),
    ("POST", "/lfs-verify/", 15),
    ("POST", "/commit/", 1),
    ("POST", "/tag/", 1),
)


def random_fault(draw: random.Random) -> Fault:
    """A fault at any step, once, a few times or for ever."""
    method, path, requests = draw.choice(STEPS)
    effect = draw.choice(("refuse", "refuse", "refuse", "drop", "lose", "cut", "slow", "move"))
    return Fault(
        effect,
        method,
        path,
        skip=draw.randrange(requests),
        times=draw.choice((1, 1, 2, 7, -1)),
        status=draw.choice((429, 429, 500, 502, 503, 504, 403, 409)),
        retry_after=draw.choice((None, 0, 1, 30, 7200)),
        seconds=0.02,
    )


@pytest.mark.parametrize("seed", range(50))
def test_complete_and_tagged_or_untagged_and_resumable(online, tiny_dataset, seed):
    bound_waits()
    api, contents = HfApi(endpoint=online.url, token=OWNER), Contents(tiny_dataset)
    wanted = {name: path.read_bytes() for name, path in contents.files.items()}
    draw = random.Random(seed)
    online.faults.add(random_fault(draw), *([random_fault(draw)] if seed % 3 == 0 else []))

    def tagged() -> str | None:
        """The commit of the one tag, which must be whole."""
        if online.store.find("datasets", REPO) is None:
            return None
        repo = online.repo(REPO)
        assert set(repo.tags) <= {VERSION}
        if not repo.tags:
            return None
        held = online.files(REPO, VERSION)
        assert {name: held.get(name) for name in wanted} == wanted
        assert {name for name in held if name.startswith("data/")} <= set(wanted)
        return repo.tags[VERSION]

    done = None
    with contextlib.suppress(RememError):
        done = publish(api, contents, REPO, VERSION)
    assert online.faults.hit
    before = tagged()
    assert done is None or before == done.commit
    online.faults.clear()
    done = publish(api, contents, REPO, VERSION)
    assert tagged() == done.commit
    assert before in (None, done.commit), "the tag moved"
    ours = [c for c in online.repo(REPO).commits.values() if c.title == f"Publish ReMem {VERSION}"]
    assert len(ours) == 1
