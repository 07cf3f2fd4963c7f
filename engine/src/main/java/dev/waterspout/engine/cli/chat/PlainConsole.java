package dev.waterspout.engine.cli.chat;

import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatDelta.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * Input and output without a terminal. Messages are lines of the input, and only replies are written to the output.
 * Reasoning is not printed.
 */
public final class PlainConsole implements ChatConsole {
    private final BufferedReader in;
    private final PrintWriter out;
    private final PrintWriter err;

    /**
     * @param in messages
     * @param out receives replies, each followed by the end of a line
     * @param err receives all else
     */
    public PlainConsole(BufferedReader in, PrintWriter out, PrintWriter err) {
        this.in = in;
        this.out = out;
        this.err = err;
    }

    @Override
    public Optional<String> read() {
        StringBuilder message = new StringBuilder();
        try {
            String line = in.readLine();
            while (line != null) {
                message.append(line);
                if (MultiLine.isWhole(message.toString())) {
                    return Optional.of(MultiLine.message(message.toString()));
                }
                message.append('\n');
                line = in.readLine();
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        if (message.isEmpty()) {
            return Optional.empty();
        }
        // The input ended inside a message.
        message.setLength(message.length() - 1);
        return Optional.of(MultiLine.message(message.toString()));
    }

    @Override
    public void show(ChatDelta delta) {
        if (delta.kind() == Kind.TEXT) {
            out.print(delta.text());
            out.flush();
        }
    }

    /** Always false: without a terminal an interrupt ends the program. */
    @Override
    public boolean interrupted() {
        return false;
    }

    @Override
    public void endReply() {
        out.println();
        out.flush();
    }

    @Override
    public void say(String line) {
        err.println(line);
        err.flush();
    }

    @Override
    public void close() {
        out.flush();
    }
}
