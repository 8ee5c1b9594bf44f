"""Which classifier reads messages: Dialogflow where it is set up, with the offline one to fall back on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from app.accounts import google_key_file
from app.metrics import Metrics
from app.settings import Settings
from channels.understanding.fallback import FallbackClassifier
from channels.understanding.offline import OfflineClassifier
from engine.classifier import Classifier
from flows.vocabulary import Understanding


@asynccontextmanager
async def start_classifier(
    settings: Settings,
    understanding: Understanding,
    names: Iterable[str] = (),
    *,
    day_first: bool = False,
    metrics: Metrics | None = None,
) -> AsyncIterator[Classifier]:
    """Make the configured classifier ready; trains the offline one first if its phrases are new.

    `names`: of therapists and services, so that they are not taken for words about something else.
    `day_first`: whether 5/3 is the fifth of March where the practice is. `metrics`: counts how often
    Dialogflow failed.
    """
    metrics = metrics or Metrics()
    settings.weights_dir.mkdir(parents=True, exist_ok=True)
    offline = await OfflineClassifier.start(
        understanding.training_texts,
        understanding.synonyms,
        settings.weights_dir,
        names=names,
        language=understanding.language,
        day_first=day_first,
    )
    if not settings.asks_dialogflow:
        yield offline
        return
    from channels.understanding.dialogflow import DialogflowClassifier  # noqa: PLC0415  # 80 MB
    from channels.understanding.dialogflow_agent import Access, Agent  # noqa: PLC0415  # as above

    agent = Agent(settings.dialogflow_project_id, settings.dialogflow_location, settings.dialogflow_agent_id)
    dialogflow = DialogflowClassifier.connect(
        agent,
        Access(google_key_file(settings), settings.dialogflow_api_endpoint),
        {entity.dialogflow: name for name, entity in understanding.entities.items()},
        local=offline.entities,
        language=understanding.language,
        timeout=settings.dialogflow_timeout_seconds,
    )
    try:
        both = FallbackClassifier(dialogflow, offline, failed=metrics.classifier_failures.inc)
        metrics.set_aside.set_function(lambda: both.is_set_aside)
        yield both
    finally:
        await dialogflow.close()
