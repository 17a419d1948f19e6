"""Near-duplicate code: connected components of rows by the Jaccard similarity of their token n-grams, exactly.

`NearDuplicates` is the search, `DuplicateComponents` and `NearestRows` what it gives; `DropNearDuplicates` is what a
split does with them if it does not keep them together. The steps, one file each: `tokens` (hash every token),
`shingles` (hash every n-gram), `sets` (without those that no other can match), `join` (pairs at a threshold), `dense`
(the same where nearly everything is alike), `components` (what hangs together), `several_columns` (what hangs
together by any of several columns).
"""

from codeshift.properties.near_duplicates.components import DuplicateComponents
from codeshift.properties.near_duplicates.dropping import DropNearDuplicates
from codeshift.properties.near_duplicates.search import NearDuplicates, NearestRows
from codeshift.properties.near_duplicates.several_columns import components_over

__all__ = ["DropNearDuplicates", "DuplicateComponents", "NearDuplicates", "NearestRows", "components_over"]
