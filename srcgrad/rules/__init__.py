"""Tables: which functions are known, how they are spelled, their partial derivatives."""
