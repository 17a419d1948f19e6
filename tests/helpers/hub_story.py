"""What a user does with the hub, run with the HF_ENDPOINT of ``hub_stand_in``: prints what came back.

It runs in a process of its own because HF_ENDPOINT is read when ``huggingface_hub`` is imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset

TOKEN = "hf_of_the_stand_in"  # noqa: S105 - it opens nothing
BEFORE, AFTER = "# Rows\n\nWritten by a person | by hand.\n", "\n## Licence\n\nKept as it is: \\1 \\g<0>\n"


def rows() -> Dataset:
    """Return programs with a column of another type, in which some values are None."""
    from datasets import Dataset

    code = [
        f"def f{i}():\n" + f"    x{i} = {i}\n" * (1 + i % 9) + "    while x:\n        pass\n" * (i % 5 == 0)
        for i in range(90)
    ]
    return Dataset.from_dict({"code": code, "tags": [["a|b", "\n"][: i % 3] if i % 7 else None for i in range(90)]})


def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse any connection to another machine; an audit hook."""
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1][0] if event == "socket.connect" else arguments[0]
        if host not in ("127.0.0.1", b"127.0.0.1"):
            raise RuntimeError(f"a connection to {host}")


def story() -> dict[str, Any]:
    """Push, load, edit the card, push again; with other configurations, branches, pull requests and conflicts."""
    from datasets import load_dataset
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitManifest

    data, longest = rows(), LengthSplitter(column="code")
    results: dict[str, Any] = {}

    first = longest.assign(data, seed=0, validation_ood_size=0.2, train_control=True)
    results["first commit"] = first.push_to_hub("rows", token=TOKEN, private=True).oid
    again = load_dataset("somebody/rows", token=TOKEN)
    results["same rows"] = same(again, first.to_dataset_dict(data))
    path = hf_hub_download("somebody/rows", "codeshift/manifest.json", repo_type="dataset", token=TOKEN)
    manifest = SplitManifest.load(path)
    results["same manifest"] = manifest == first.manifest
    results["applied"] = same(manifest.apply(data), again)

    results["pushed twice"] = first.push_to_hub("somebody/rows", token=TOKEN).oid
    api = HfApi(token=TOKEN)
    readme = Path(hf_hub_download("somebody/rows", "README.md", repo_type="dataset", token=TOKEN)).read_text(
        encoding="utf-8"
    )
    metadata, _, section = readme.partition("\n<!--")
    edited = f"{metadata}\n{BEFORE}\n<!--{section}{AFTER}".encode()
    api.upload_file(
        path_or_fileobj=edited,
        path_in_repo="README.md",
        repo_id="somebody/rows",
        repo_type="dataset",
        commit_message="Edit",
    )
    second = longest.assign(data, seed=1)
    second.push_to_hub("somebody/rows", token=TOKEN)
    results["second"] = same(load_dataset("somebody/rows", token=TOKEN), second.to_dataset_dict(data))

    loops = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
    third = loops.assign(data, seed=0, validation_size=0)
    third.push_to_hub("somebody/rows", config_name="loops", token=TOKEN)
    parts = {part: split for part, split in third.to_dataset_dict(data).items() if part != "validation"}
    results["loops"] = same(load_dataset("somebody/rows", "loops", token=TOKEN), parts)
    results["default still"] = same(load_dataset("somebody/rows", token=TOKEN), second.to_dataset_dict(data))

    third.push_to_hub("somebody/rows", token=TOKEN, revision="draft", commit_message="A draft")
    results["draft"] = same(load_dataset("somebody/rows", revision="draft", token=TOKEN), parts)
    second.push_to_hub("somebody/asked", token=TOKEN)
    third.push_to_hub("somebody/asked", token=TOKEN, create_pr=True)
    try:
        third.push_to_hub("somebody/busy", token=TOKEN)
    except HfHubHTTPError as error:
        results["busy"] = error.response.status_code
    return results


def same(first: Any, second: Any) -> bool:
    """Return whether two DatasetDicts have the same parts with the same rows, columns and types."""
    return first.keys() == second.keys() and all(
        first[part].features == second[part].features and first[part].to_list() == second[part].to_list()
        for part in first
    )


if __name__ == "__main__":
    sys.addaudithook(stay_here)
    print(json.dumps(story()))  # noqa: T201
