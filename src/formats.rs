//! Read and write files; the only user of GDAL.
