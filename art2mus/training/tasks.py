"""Which task a stage is."""

from art2mus.training.loop import Task
from art2mus.training.settings import AnyStage, Art2MusSettings, ProjectionSettings, RollVAESettings, ScoreModelSettings


def make_task(settings: AnyStage) -> Task:
    """Make the task that the settings describe.

    Raises: FileNotFoundError if what an earlier stage should have written is not there; DataError, ModelMissingError
        or TrainingError if something else is missing or does not fit.
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
        case Art2MusSettings():
            from art2mus.training.art2mus import Art2MusTask

            return Art2MusTask(settings)
