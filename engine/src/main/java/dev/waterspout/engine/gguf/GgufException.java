package dev.waterspout.engine.gguf;

import java.util.OptionalLong;

/** A GGUF file that cannot be read. The message is one line that starts with the file's name. */
public final class GgufException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final long NO_OFFSET = -1;

    private final long offset;

    /**
     * Reports a problem that has no place in the file.
     *
     * @param file the name of the file
     * @param problem description of the error, with the value found and the values allowed
     */
    public GgufException(String file, String problem) {
        super(Printable.line(file + ": " + problem));
        this.offset = NO_OFFSET;
    }

    /**
     * Reports a problem at a place in the file.
     *
     * @param file the name of the file
     * @param offset start of the invalid field, in bytes from the start of the file
     * @param problem description of the error, with the value found and the values allowed
     */
    public GgufException(String file, long offset, String problem) {
        super(Printable.line(file + ": at byte " + offset + ": " + problem));
        this.offset = offset;
    }

    /**
     * Reports a file that the operating system does not let us read.
     *
     * @param file the name of the file
     * @param problem description of the error
     * @param cause the failure that the operating system reported
     */
    public GgufException(String file, String problem, Throwable cause) {
        super(Printable.line(file + ": " + problem), cause);
        this.offset = NO_OFFSET;
    }

    /**
     * Returns the start of the offending field, in bytes from the start of the file; empty if there is no such field.
     */
    public OptionalLong offset() {
        return offset == NO_OFFSET ? OptionalLong.empty() : OptionalLong.of(offset);
    }
}
