"""What people want to hear of us: no more messages, messages again, and the notice before a booking."""
