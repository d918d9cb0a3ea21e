"""From a program to a shorter or faster one that computes the same: each rewrite a module that can be switched off."""
