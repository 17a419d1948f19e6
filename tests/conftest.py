"""Profiles of hypothesis: `default` for every run, `nightly` for a thorough one (HYPOTHESIS_PROFILE=nightly)."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

# A shared machine stalls now and then: deadlines would fail tests that are right.
settings.register_profile("default", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What tests share is imported by them alone. Collected for doctests, each module would be imported under a second name,
# and define its splitters and regions twice.
collect_ignore = [path.name for path in Path(__file__).parent.glob("*.py") if not path.name.startswith("test_")]
