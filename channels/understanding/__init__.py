"""From a text to a Reading: intent and entities, and nothing else."""
