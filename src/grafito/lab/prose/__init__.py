"""The words of a report: what a task is, the theory it needs, and what its numbers say."""
