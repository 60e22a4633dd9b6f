"""What makes one engine differ from another on the same library, and the watch it measures itself with."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter

from copilot.engine.compliance import RuleBook
from copilot.engine.eligibility import Place
from copilot.engine.experiments import Experiment, Treatment
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.opening_policy import OpeningPolicy
from copilot.engine.policy import Policy
from copilot.engine.product_rules import ProductRules
from copilot.engine.shadow import ShadowPolicy
from copilot.engine.small_talk import SmallTalk


@dataclass(frozen=True)
class ShopProfile:
    """What slots say of the shop."""

    name: str = ""
    language: str = "zh"


@dataclass(frozen=True)
class EngineSetup:
    """What makes one engine differ from another on the same library."""

    tenant_id: str
    policy: Policy
    rules: RuleBook
    models: ProductModels
    shop: ShopProfile
    product_rules: ProductRules = field(default_factory=ProductRules)
    small_talk: SmallTalk = field(default_factory=SmallTalk.load)
    experiments: tuple[Experiment, ...] = ()
    shadow: ShadowPolicy | None = None
    catalogue_file: Path | None = None
    opening: OpeningPolicy = field(default_factory=OpeningPolicy)

    @cached_property
    def rules_version(self) -> str:
        """Names the rules of what may be said, of what is small talk, and of what may be offered."""
        versions = f"{self.rules.version} {self.small_talk.version} {self.product_rules.version}"
        return hashlib.sha256(versions.encode()).hexdigest()[:12]

    def treatment(self, place: Place) -> Treatment:
        """The policy for a message: of the experiment that is going on, or the usual one."""
        for experiment in self.experiments:
            if experiment.is_active(place.now):
                return experiment.treatment(place)
        return Treatment(self.policy)


@dataclass
class Stopwatch:
    """Milliseconds spent in each stage of one suggestion."""

    timing_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        start = perf_counter()
        yield
        self.timing_ms[name] = self.timing_ms.get(name, 0.0) + (perf_counter() - start) * 1000
