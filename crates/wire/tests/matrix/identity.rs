//! Read and written again in its own dialect, a request is what it was.
