"""The policies that may have shown what the log holds: by these its contributions become features again."""

from copilot.engine.experiments import read_experiments
from copilot.engine.policy import Policy
from copilot.engine.policy_file import stored_ranker
from copilot.errors import BadRequestError
from copilot.serving import policy_to_serve
from copilot.settings import Settings
from models.store.artefact import Kind
from models.store.errors import StoreError
from models.store.store import ModelStore


def known_policies(settings: Settings) -> tuple[Policy, list[Policy]]:
    """The policy that serves a workspace, and others at hand: the usual one, experiments' variants, stored rankers.

    A stored ranker that is damaged is not at hand.

    Raises:
        BadRequestError: the workspace's policy or experiments are not what they should be.
    """
    serving = policy_to_serve(settings).policy
    experiments = read_experiments(settings.workspace, serving)
    others = [Policy(), *(policy for one in experiments for policy in one.policies.values())]
    store = ModelStore.in_workspace(settings.workspace)
    for artefact in store.artefacts(Kind.RANKER):
        try:
            others.append(stored_ranker(store, artefact.version))
        except (StoreError, BadRequestError):
            continue
    return serving, others
