//! EPSG in, transformation out; the only user of PROJ.
