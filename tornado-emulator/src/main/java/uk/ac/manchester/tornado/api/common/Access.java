package uk.ac.manchester.tornado.api.common;

/** A library task's access to an array. */
public enum Access {
    /** Unknown. */
    NONE,
    /** It reads it. */
    READ_ONLY,
    /** The task writes the array, whose previous content may be lost. */
    WRITE_ONLY,
    /** Both. */
    READ_WRITE
}
