//! Routes, JSON shapes, error → status.
