"""What is heard before anything else: messages that sound as if somebody may be in danger."""
