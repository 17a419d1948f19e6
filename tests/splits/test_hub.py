"""Splits on the hub, against a stand-in on 127.0.0.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from codeshift.errors import DataError, ParameterError
from codeshift.splitters import LengthSplitter, SplitManifest
from helpers import hub_story
from helpers.hub_stand_in import HubStandIn, hub_stand_in, run_story

REPO = "somebody/rows"


class Told(NamedTuple):
    """Outputs that the user of the story saw, and the state of the hub afterwards."""

    user: dict[str, Any]
    hub: HubStandIn


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Return the outputs of the story, run once in a process that can reach only the stand-in."""
    with hub_stand_in(tmp_path_factory.mktemp("hub")) as hub:
        hub.busy = {"somebody/busy"}
        yield Told(run_story(hub_story, hub, tmp_path_factory.mktemp("home")), hub)


def sections(readme: str) -> list[str]:
    return re.findall(r"<!-- codeshift:begin (\S+) \w+ -->", readme)


def test_the_stand_in_knew_every_request(told: Told) -> None:
    """The stand-in answered every request, so no check was skipped."""
    assert told.hub.unknown == []
    assert told.hub.tokens - {""} == {f"Bearer {hub_story.TOKEN}"}


def test_rows_come_back(told: Told) -> None:
    """Each part that is pushed loads with the same rows, columns and types; the manifest builds the same split."""
    for step in ("same rows", "same manifest", "applied", "second"):
        assert told.user[step], step


def test_the_repository_is_made(told: Told) -> None:
    """A name without its owner becomes the user's; ``private`` reaches the hub."""
    assert told.hub.repositories[REPO].private
    assert not told.hub.repositories["somebody/asked"].private


def test_pushing_the_same_again_changes_nothing(told: Told) -> None:
    """A second push of the same split makes no commit."""
    assert told.user["pushed twice"] == told.user["first commit"]


def test_the_card_keeps_what_people_wrote(told: Told) -> None:
    """The section is replaced where it stands; the metadata, and the text before and after, are kept."""
    readme = told.hub.content(REPO, "README.md").decode()
    assert sections(readme) == ["default", "loops"]
    before, _, rest = readme.partition("<!-- codeshift:begin default")
    assert before.endswith(hub_story.BEFORE + "\n")
    assert hub_story.AFTER in rest
    assert "<code>seed</code> | <code>1</code>" in rest
    assert "<code>seed</code> | <code>0</code>" not in rest.partition("<!-- codeshift:end default")[0]
    assert readme.startswith("---\n")
    assert "config_name: loops" in readme.partition("\n---\n")[0]


def test_each_configuration_has_its_manifest(told: Told) -> None:
    """Two splits in one repository stand side by side. An empty part is left out, for datasets cannot load one."""
    assert told.user["loops"]
    assert told.user["default still"]
    manifests = [path for path in told.hub.paths(REPO) if path.startswith("codeshift/")]
    assert manifests == ["codeshift/loops/manifest.json", "codeshift/manifest.json"]
    found = {path: SplitManifest.from_json(told.hub.content(REPO, path).decode()) for path in manifests}
    assert found["codeshift/manifest.json"].config.seed == 1
    assert found["codeshift/loops/manifest.json"].sizes["validation"].actual == 0


def test_parts_that_are_gone_are_gone(told: Told) -> None:
    """The second split has no ``validation_ood`` and no ``train_control``, so their files were taken away."""
    parts = {Path(path).name.partition("-")[0] for path in told.hub.paths(REPO) if path.startswith("data/")}
    assert parts == {"train", "validation", "test_id", "test_ood"}


def test_branches(told: Told) -> None:
    """``revision`` takes parts, manifest and card to a branch, and leaves the main one as it was."""
    assert told.user["draft"]
    manifest = SplitManifest.from_json(told.hub.content(REPO, "codeshift/manifest.json", "draft").decode())
    assert "while_statement" in manifest.splitter
    assert told.hub.repositories[REPO].messages[-2:] == ["A draft", "Describe the split"]


def test_pull_requests(told: Told) -> None:
    """``create_pr`` opens one pull request that holds parts, manifest and card, and leaves the main branch alone."""
    repo = "somebody/asked"
    assert set(told.hub.repositories[repo].branches) == {"main", "refs/pr/1"}
    there, here = (
        SplitManifest.from_json(told.hub.content(repo, "codeshift/manifest.json", revision).decode())
        for revision in ("refs/pr/1", "main")
    )
    assert (there.config.seed, here.config.seed) == (0, 1)
    assert sections(told.hub.content(repo, "README.md", "refs/pr/1").decode()) == ["default"]


def test_somebody_else_in_between(told: Told) -> None:
    """If another commit came between the two, the second is refused and overwrites nothing."""
    assert told.user["busy"] == 412
    assert told.hub.repositories["somebody/busy"].messages == ["initial commit", "Upload dataset", "somebody else"]


@pytest.mark.parametrize(
    ("repo_id", "arguments", "message"),
    [
        (REPO, {"config_name": "codeshift"}, "config_name must be another name than 'codeshift'"),
        (REPO, {"config_name": "../up"}, "config_name must be letters, digits, '_', '.' and '-'"),
        (REPO, {"config_name": ""}, "config_name must be letters, digits"),
        ("buckets/somebody/rows", {}, "repo_id must be a dataset repository, got 'buckets/somebody/rows'"),
    ],
)
def test_bad_arguments(repo_id: str, arguments: dict, message: str) -> None:
    """Invalid arguments are refused before anything is sent."""
    data = hub_story.rows()
    with pytest.raises(ParameterError, match=re.escape(message)):
        LengthSplitter(column="code").assign(data, seed=0).push_to_hub(repo_id, **arguments)


def test_other_data_is_not_pushed() -> None:
    """Rows that were not assigned are refused before anything is sent."""
    data = hub_story.rows()
    with pytest.raises(DataError, match="data must be the data that was assigned"):
        LengthSplitter(column="code").assign(data, seed=0).push_to_hub(REPO, data=data.select(range(10)))
