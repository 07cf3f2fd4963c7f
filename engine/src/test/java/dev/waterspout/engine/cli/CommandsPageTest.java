package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Compares {@code docs/guide/commands.md} with {@code --help} of all commands. With {@code -Dpages.write=true} this
 * test writes the page.
 */
@Isolated("sets the width of picocli's help")
class CommandsPageTest {
    private static final String WIDTH = "picocli.usage.width";
    private static final Pattern COMMAND = Pattern.compile("^  ([a-z]+) ", Pattern.MULTILINE);
    private static final String BEGIN = "<!-- what follows is written by CommandsPageTest from --help -->\n";

    private static Path page() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("bin/waterspout"))) {
            folder = Objects.requireNonNull(folder.getParent(), "the test runs inside the tree");
        }
        return folder.resolve("docs/guide/commands.md");
    }

    private static String help(List<String> command) {
        StringWriter out = new StringWriter();
        List<String> arguments = new ArrayList<>(command);
        arguments.add("--help");
        int code =
                Main.run(arguments.toArray(String[]::new), new PrintWriter(out), new PrintWriter(new StringWriter()));
        assertThat(code).as("%s --help", command).isZero();
        return out.toString().replaceAll("(?m)[ \t]+$", "");
    }

    /** Adds the help of a command and of the commands under it. */
    private static void addCommands(List<String> command, StringBuilder text) {
        String help = help(command);
        text.append("\n## ").append(String.join(" ", command).isEmpty() ? "waterspout" : String.join(" ", command));
        text.append("\n\n```text\n").append(help).append("```\n");
        int list = help.indexOf("Commands:\n");
        if (list < 0) {
            return;
        }
        Matcher matcher = COMMAND.matcher(help.substring(list));
        while (matcher.find()) {
            List<String> inner = new ArrayList<>(command);
            inner.add(matcher.group(1));
            addCommands(inner, text);
        }
    }

    @Test
    void thePageEqualsTheHelpOfAllCommands() throws IOException {
        String width = System.getProperty(WIDTH);
        System.setProperty(WIDTH, "110");
        StringBuilder commands = new StringBuilder();
        try {
            addCommands(List.of(), commands);
        } finally {
            if (width == null) {
                System.clearProperty(WIDTH);
            } else {
                System.setProperty(WIDTH, width);
            }
        }
        assertThat(commands).contains("\n## generate\n").contains("--tensor-parallel-size");
        Path page = page();
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN);
        assertThat(begin).as("the page has the line %s", BEGIN).isNotNegative();
        String expected = text.substring(0, begin + BEGIN.length()) + commands;
        if (Boolean.getBoolean("pages.write")) {
            Files.writeString(page, expected);
        }
        assertThat(Files.readString(page))
                .as("this test, with -Dpages.write=true, writes the page")
                .isEqualTo(expected);
    }
}
