"""From array statements to loops over elements, with sizes and indices checked."""
