"""An order becomes numbers: what is known about it at the moment it is placed."""
