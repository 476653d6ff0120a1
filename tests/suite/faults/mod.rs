//! The same promises while something breaks.
