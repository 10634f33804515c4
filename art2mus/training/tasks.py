"""Which task a stage is."""

from art2mus.training.loop import Task
from art2mus.training.settings import ProjectionSettings, RollVAESettings, ScoreModelSettings


def make_task(settings: RollVAESettings | ScoreModelSettings | ProjectionSettings) -> Task:
    """Make the task that the settings describe.

    Raises: FileNotFoundError if what an earlier stage should have written is not there.
    """
    match settings:
        case RollVAESettings():
            from art2mus.training.roll_vae import RollVAETask

            return RollVAETask(settings)
        case ScoreModelSettings():
            from art2mus.training.score_model import ScoreModelTask

            return ScoreModelTask(settings)
        case ProjectionSettings():
            from art2mus.training.projection import ProjectionTask

            return ProjectionTask(settings)
