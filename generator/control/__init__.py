"""The steps from an event to a seeded project, an approved model, a deleted project."""
