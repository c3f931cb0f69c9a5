//! What is built inside which zone.
