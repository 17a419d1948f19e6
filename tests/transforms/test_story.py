"""What a transform is: a rewrite that keeps what code does, so that a model's scores on both can be compared by row."""

from __future__ import annotations

from datasets import Dataset

from codeshift.splitters import LengthSplitter
from codeshift.transforms import Chain, DropComments, RenameIdentifiers, paired_shift, transform_by_name

ROWS = Dataset.from_dict({"code": [f"def f(item):\n    return item + {i}  # add" + " 1" * (i % 5) for i in range(60)]})


def test_the_story_of_a_transform() -> None:
    """A transform rewrites one text, several make a chain, and a split gets a part of rewritten rows."""
    comments, names = DropComments(language="python"), RenameIdentifiers(language="python", parameters=True)
    code = ROWS["code"][0]
    assert "#" not in comments.rewrite(code)
    assert names.rewrite(code) == names.rewrite(code) != code

    # Several are made one after the other, and all can be named.
    both = transform_by_name(["DropComments", "RenameIdentifiers[parameters=True]"], language="python")
    assert both == Chain(steps=(comments, names))

    # What a rewritten program does is what it did.
    before, after = {}, {}
    exec(code, before)  # noqa: S102 - the code of this test
    exec(comments.rewrite(code), after)  # noqa: S102
    assert before["f"](1) == after["f"](1)

    # Row by row, the new part is the transform of test_id.
    assignment = LengthSplitter().assign(ROWS, near_duplicates=None, min_test_rows=0, progress=False)
    shift = paired_shift(assignment, comments)
    test = shift.parts["test_id"]["code"]
    assert shift.parts["test_transformed"]["code"][:] == [comments.rewrite(text) for text in test]
