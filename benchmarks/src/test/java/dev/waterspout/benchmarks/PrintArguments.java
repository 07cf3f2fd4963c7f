package dev.waterspout.benchmarks;

import java.util.stream.Collectors;

/**
 * The program of {@link LauncherTest}: prints its arguments, code points above 126 as escapes, and preloaded
 * libraries.
 */
final class PrintArguments {
    private PrintArguments() {}

    /**
     * Prints a line per argument, and one with the libraries that are preloaded into this process, if there are any.
     *
     * @param arguments as the JVM has read them
     */
    public static void main(String[] arguments) {
        for (String argument : arguments) {
            System.out.println("argument: "
                    + argument.codePoints()
                            .mapToObj(point -> point < 127 ? Character.toString(point) : "\\u%04x".formatted(point))
                            .collect(Collectors.joining()));
        }
        String preloaded = System.getenv("LD_PRELOAD");
        if (preloaded != null) {
            System.out.println("preloaded: " + preloaded);
        }
    }
}
