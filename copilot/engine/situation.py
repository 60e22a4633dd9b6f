"""Everything known of a message before the search."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.engine.diversity import SentLately
from copilot.engine.eligibility import Place
from copilot.engine.ranking import Moment
from copilot.engine.request import SuggestRequest
from copilot.engine.retrieval import Query
from copilot.engine.turn import Turn, is_complaint
from knowledge.index.library_index import LibraryView
from knowledge.tables import MessageRole


@dataclass(frozen=True)
class Situation:
    """The turn, the place, the query, what was sent lately, and what may be shown at all.

    The masks have shape (n_items,) over the ordinals of `library`, which stays the same for the whole message.
    """

    request: SuggestRequest
    turn: Turn
    place: Place
    query: Query
    sent: SentLately
    stage: str
    language: str
    library: LibraryView
    scripts_allowed: NDArray[np.bool_]
    products_allowed: NDArray[np.bool_]

    @property
    def moment(self) -> Moment:
        """What ranking looks at."""
        return Moment(
            tags=self.place.customer.tag_names,
            stage=self.stage,
            language=self.language,
            is_complaint=self.turn.is_complaint,
            now=self.place.now,
        )

    @property
    def is_complaining(self) -> bool:
        """Whether this message or one shortly before it complains."""
        before = (said.text for said in self.turn.context if said.role is MessageRole.CUSTOMER)
        return self.turn.is_complaint or any(is_complaint(text) for text in before)
