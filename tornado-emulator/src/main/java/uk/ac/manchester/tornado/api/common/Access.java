package uk.ac.manchester.tornado.api.common;

/** What a library task does with an array. */
public enum Access {
    /** Unknown. */
    NONE,
    /** It reads it. */
    READ_ONLY,
    /** It writes it, and whatever was in it may be lost. */
    WRITE_ONLY,
    /** Both. */
    READ_WRITE
}
