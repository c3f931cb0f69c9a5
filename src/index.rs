//! A layer you can ask: R*-tree and id look-up.
