"""Which classifier reads messages: Dialogflow where it is set up, with the offline one to fall back on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.settings import Settings
from channels.understanding.offline import OfflineClassifier
from engine.classifier import Classifier
from flows.vocabulary import Understanding


@asynccontextmanager
async def start_classifier(settings: Settings, understanding: Understanding) -> AsyncIterator[Classifier]:
    """Make the configured classifier ready; trains the offline one first if its phrases are new."""
    settings.weights_dir.mkdir(parents=True, exist_ok=True)
    offline = await OfflineClassifier.start(
        understanding.training_texts,
        understanding.synonyms,
        settings.weights_dir,
        language=understanding.language,
    )
    yield offline
