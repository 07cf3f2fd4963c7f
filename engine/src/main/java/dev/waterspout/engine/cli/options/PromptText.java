package dev.waterspout.engine.cli.options;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Set;

/**
 * Protects the text after {@code -p} from the parser of the command line, which would parse {@code -hello} as options.
 */
public final class PromptText {
    private static final Set<String> COMMANDS = Set.of("generate", "chat");
    private static final Set<String> NAMES = Set.of("-p", "--prompt");
    /** A character that Unicode reserves, so that no argument contains it. */
    private static final String MARK = "\uFFFFtext:";

    private PromptText() {}

    /**
     * Returns arguments with encoded prompts, which the parser passes unchanged to {@link #decode}.
     *
     * @param arguments the arguments as typed, the command first
     */
    public static String[] encode(String[] arguments) {
        String[] encoded = arguments.clone();
        if (arguments.length == 0 || !COMMANDS.contains(arguments[0])) {
            return encoded;
        }
        for (int i = 1; i < encoded.length; i++) {
            String word = encoded[i];
            if (NAMES.contains(word) && i + 1 < encoded.length) {
                encoded[++i] = mark(encoded[i]);
                // Some launchers split values at spaces and pass the words of a prompt one by one.
                while (i + 1 < encoded.length && !encoded[i + 1].startsWith("-")) {
                    encoded[++i] = mark(encoded[i]);
                }
            } else if (word.startsWith("--prompt=") || word.startsWith("-p=")) {
                int text = word.indexOf('=') + 1;
                encoded[i] = word.substring(0, text) + mark(word.substring(text));
            }
        }
        return encoded;
    }

    private static String mark(String text) {
        return MARK + HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns the text of a word.
     *
     * @param word the word from the parser
     */
    public static String decode(String word) {
        return word.startsWith(MARK)
                ? new String(HexFormat.of().parseHex(word.substring(MARK.length())), StandardCharsets.UTF_8)
                : word;
    }
}
