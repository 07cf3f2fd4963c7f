package dev.waterspout.engine.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A chat template, ready to render conversations. Templates are immutable and may be used by several threads at once.
 *
 * <p>The language is the part of Jinja that chat templates use, as its <a
 * href="https://jinja.palletsprojects.com/en/stable/templates/">documentation</a> describes it. Features that no chat
 * template uses (inheritance, inclusion, mutating methods) are refused by name.
 */
public final class Template {
    private final List<Statement> statements;

    private Template(List<Statement> statements) {
        this.statements = statements;
    }

    /**
     * Reads a template.
     *
     * @param source the template's text
     * @return the template
     * @throws JinjaException if it is not well-formed, or has a tag that chat templates do not use
     */
    public static Template parse(String source) {
        return new Template(TemplateParser.parse(source));
    }

    /**
     * Renders a conversation.
     *
     * @param variables values by variable name: null, booleans, numbers, strings, {@link MarkedText}, and lists and
     *     maps of these; strings count as the program's own, so text from users must be passed as {@code MarkedText}
     * @param clock clock that {@code strftime_now} reads
     * @param limits limits on steps, depth and output of the rendering
     * @return the text, with the marks of the variables that it was made of
     * @throws TemplateRefusal if the template refuses the conversation
     * @throws JinjaException if the template has an error, or exceeds the limits
     */
    public MarkedText render(Map<String, ? extends @Nullable Object> variables, Clock clock, RenderLimits limits) {
        Budget budget = new Budget(limits);
        Scope functions = new Scope(null);
        Functions.all(new TemplateClock(clock), budget).forEach(functions::set);
        Scope scope = new Scope(functions);
        variables.forEach((name, value) -> scope.set(name, Value.from(value)));
        return new Renderer(budget).render(statements, scope);
    }
}
