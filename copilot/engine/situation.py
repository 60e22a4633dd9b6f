"""Everything known of a message before the search."""

from dataclasses import dataclass

from copilot.engine.diversity import SentLately
from copilot.engine.eligibility import Place
from copilot.engine.experiments import Treatment
from copilot.engine.policy import Policy
from copilot.engine.ranking import Moment
from copilot.engine.request import SuggestRequest
from copilot.engine.retrieval import Query, Search
from copilot.engine.turn import Turn, is_complaint
from knowledge.tables import MessageRole


@dataclass(frozen=True)
class Situation:
    """The turn, the place, the policy, the query, what was sent lately, and what may be shown at all.

    The searches see the library as it was at one moment, the same for the whole message.
    """

    request: SuggestRequest
    turn: Turn
    place: Place
    treatment: Treatment
    query: Query
    sent: SentLately
    stage: str
    language: str
    index_version: str
    scripts: Search
    products: Search
    passages: Search

    @property
    def policy(self) -> Policy:
        return self.treatment.policy

    @property
    def moment(self) -> Moment:
        """What ranking looks at."""
        return Moment(
            tags=self.place.customer.tag_names,
            stage=self.stage,
            language=self.language,
            is_complaint=self.is_complaining if self.turn.is_opening else self.turn.is_complaint,
            now=self.place.now,
            performance=self.policy.performance,
            sku=self.request.sku,
        )

    @property
    def is_complaining(self) -> bool:
        """Whether this message or one shortly before it complains."""
        before = (said.text for said in self.turn.context if said.role is MessageRole.CUSTOMER)
        return self.turn.is_complaint or any(is_complaint(text) for text in before)
