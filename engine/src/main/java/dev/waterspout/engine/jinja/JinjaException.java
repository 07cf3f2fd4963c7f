package dev.waterspout.engine.jinja;

/**
 * A template that cannot be read or rendered. The message is one sentence, which begins with the line of the template
 * if it is known.
 */
public class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message one sentence that names the problem
     */
    public JinjaException(String message) {
        super(message);
    }

    static JinjaException at(int line, String message) {
        return new JinjaException("line " + line + " of the chat template: " + message);
    }
}
