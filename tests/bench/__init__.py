"""The measurements behind docs/explanation/performance.md."""
