"""What a project costs, measured side by side with other ways to make it."""
