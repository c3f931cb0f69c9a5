//! The workspace: a GeoPackage.
