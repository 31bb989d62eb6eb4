"""What the admin pages read and change: every list is a page of an index, never a walk."""
