"""The programme's papers: one document model, an HTML and a PDF edition, the same digest."""
