"""What the RAG template's index costs, against plain use of the same libraries."""
