"""What is kept of a document and of a run, and how it is written to files and read again. No Qt."""
