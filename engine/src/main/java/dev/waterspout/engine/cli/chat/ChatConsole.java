package dev.waterspout.engine.cli.chat;

import dev.waterspout.engine.chat.ChatDelta;
import java.util.Optional;

/** Input and output of a conversation. */
public interface ChatConsole extends AutoCloseable {
    /**
     * Reads a message of the user.
     *
     * @return one message, which may have several lines; empty at the end of the input
     */
    Optional<String> read();

    /**
     * Shows a piece of a reply.
     *
     * @param delta the piece
     */
    void show(ChatDelta delta);

    /** {@return whether the user has asked to end the reply, since the last message was read} */
    boolean interrupted();

    /** Ends a reply. */
    void endReply();

    /**
     * Prints a line that is not part of the conversation.
     *
     * @param line without its end
     */
    void say(String line);

    @Override
    void close();
}
