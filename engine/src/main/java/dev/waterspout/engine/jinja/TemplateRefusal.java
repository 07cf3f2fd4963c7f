package dev.waterspout.engine.jinja;

/** A template that refuses a conversation by {@code raise_exception}; the message is the template's own. */
public final class TemplateRefusal extends JinjaException {
    private static final long serialVersionUID = 1L;

    TemplateRefusal(String message) {
        super(message);
    }
}
