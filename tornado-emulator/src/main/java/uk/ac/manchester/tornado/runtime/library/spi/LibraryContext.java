package uk.ac.manchester.tornado.runtime.library.spi;

/** A provider's state per device and execution plan. */
public interface LibraryContext {}
