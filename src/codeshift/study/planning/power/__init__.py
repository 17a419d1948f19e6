"""The power of a study: the smallest difference that it can show, and the seeds that a wanted one takes."""

from codeshift.study.planning.power.settings import PowerSettings
from codeshift.study.planning.power.simulation import Design
from codeshift.study.planning.power.spreads import Spreads
from codeshift.study.planning.power.study_power import ScenarioPower, StudyPower

__all__ = ["Design", "PowerSettings", "ScenarioPower", "Spreads", "StudyPower"]
