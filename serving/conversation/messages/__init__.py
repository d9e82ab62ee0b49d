"""What customers read, as files."""
