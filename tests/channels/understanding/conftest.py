"""A trained classifier, shared: training takes seconds."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from channels.understanding.offline import OfflineClassifier
from flows.vocabulary import load_understanding

FRIDAY_MORNING = datetime(2026, 3, 6, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
"""What "now" is in these tests."""


@pytest.fixture(scope="session")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the weights of the shipped phrases are kept."""
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="session")
def offline(weights_dir: Path) -> OfflineClassifier:
    """The offline classifier, trained from the shipped phrases."""
    shipped = load_understanding()
    return asyncio.run(OfflineClassifier.start(shipped.training_texts, shipped.synonyms, weights_dir))
