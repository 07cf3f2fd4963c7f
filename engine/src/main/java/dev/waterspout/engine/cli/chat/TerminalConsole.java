package dev.waterspout.engine.cli.chat;

import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatDelta.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.jline.reader.EOFError;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * A terminal with line editing and history. Reasoning is dimmed, or in parentheses if the terminal has no styles. An
 * interrupt ends a reply, not the program.
 */
public final class TerminalConsole implements ChatConsole {
    private static final String PROMPT = "> ";

    private final Terminal terminal;
    private final LineReader reader;
    private final boolean styled;
    private volatile boolean interrupted;
    private boolean reasoning;
    private boolean lineThrownAway;

    /**
     * Opens the process's terminal.
     *
     * @throws IOException if it cannot be opened
     */
    public TerminalConsole() throws IOException {
        terminal = TerminalBuilder.builder()
                .system(true)
                .dumb(true)
                .nativeSignals(true)
                .build();
        styled = !terminal.getType().startsWith(Terminal.TYPE_DUMB);
        terminal.handle(Terminal.Signal.INT, _ -> interrupted = true);
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .parser(new WholeMessages())
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .option(LineReader.Option.BRACKETED_PASTE, styled)
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, ". ")
                .build();
    }

    /** Parses input lines: a line is accepted when the message is complete. Nothing in it is quoted or escaped. */
    private static final class WholeMessages implements Parser {
        private final DefaultParser words =
                new DefaultParser().quoteChars(new char[0]).escapeChars(new char[0]);

        @Override
        public ParsedLine parse(String line, int cursor, ParseContext context) {
            if (context == ParseContext.ACCEPT_LINE && !MultiLine.isWhole(line)) {
                throw new EOFError(-1, -1, "the message goes on");
            }
            return words.parse(line, cursor, ParseContext.COMPLETE);
        }
    }

    /** An interrupt during input discards the line. A second successive one ends the conversation. */
    @Override
    public Optional<String> read() {
        interrupted = false;
        while (true) {
            try {
                String message = MultiLine.message(reader.readLine(PROMPT));
                lineThrownAway = false;
                interrupted = false;
                return Optional.of(message);
            } catch (UserInterruptException thrown) {
                if (lineThrownAway && thrown.getPartialLine().isEmpty()) {
                    return Optional.empty();
                }
                lineThrownAway = true;
                say("(Ctrl-C again or Ctrl-D ends)");
            } catch (EndOfFileException end) {
                return Optional.empty();
            }
        }
    }

    @Override
    public void show(ChatDelta delta) {
        PrintWriter writer = terminal.writer();
        boolean thinks = delta.kind() == Kind.REASONING;
        if (thinks != reasoning) {
            switchTo(thinks);
        }
        writer.print(printable(delta.text()));
        writer.flush();
    }

    private void switchTo(boolean thinks) {
        String begin = styled ? "\u001b[2m" : "(";
        String end = styled ? "\u001b[0m\n\n" : ")\n\n";
        terminal.writer().print(thinks ? begin : end);
        reasoning = thinks;
    }

    /** Removes control characters, so that a model's text cannot control the terminal. */
    private static String printable(String text) {
        return text.codePoints()
                .filter(point -> !Character.isISOControl(point) || point == '\n' || point == '\t')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Override
    public void endReply() {
        if (reasoning) {
            switchTo(false);
        }
        terminal.writer().println();
        terminal.writer().println();
        terminal.flush();
    }

    @Override
    public void say(String line) {
        terminal.writer().println(line);
        terminal.flush();
    }

    @Override
    public boolean interrupted() {
        return interrupted;
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
