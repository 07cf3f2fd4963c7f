package dev.waterspout.engine.cli.hub;

import dev.waterspout.engine.gguf.Printable;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model's name on a hub: {@code owner/repo}, or {@code owner/repo:quant}.
 *
 * @param owner user or organization
 * @param repository repository of that owner
 * @param quant word in the name of the repository's file, such as {@code Q4_K_M}
 */
public record HubReference(String owner, String repository, Optional<String> quant) {
    private static final String WORD = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}";
    private static final Pattern FORM = Pattern.compile("(%1$s)/(%1$s)(?::(%1$s))?".formatted(WORD));

    /**
     * Reads a reference.
     *
     * @param text text that a user has typed
     * @throws IllegalArgumentException if it has another form
     */
    public static HubReference parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "model " + Printable.quote(text) + " on the hub; the form is owner/repo or owner/repo:quant");
        }
        return new HubReference(matcher.group(1), matcher.group(2), Optional.ofNullable(matcher.group(3)));
    }

    /** Returns the name without the quant. */
    public String name() {
        return owner + "/" + repository;
    }

    @Override
    public String toString() {
        return name() + quant.map(suffix -> ":" + suffix).orElse("");
    }
}
