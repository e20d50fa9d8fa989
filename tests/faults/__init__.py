"""Every outward call of the whole chain goes wrong in every way; one redrive repairs it."""
