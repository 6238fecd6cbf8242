"""Running a released model on pictures. Never imports torch."""
