"""What is known of a program: what is active, what shares memory, which accesses meet, where derivatives mislead."""
