"""What a conversation does in the database: one module for each subject."""
