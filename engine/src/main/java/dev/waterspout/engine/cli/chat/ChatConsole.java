package dev.waterspout.engine.cli.chat;

import dev.waterspout.engine.chat.ChatDelta;
import java.util.Optional;

/** Where a conversation is held. */
public interface ChatConsole extends AutoCloseable {
    /**
     * Reads what the person says.
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

    /** {@return whether the person has asked, since the last message was read, for the reply to end} */
    boolean interrupted();

    /** Ends a reply. */
    void endReply();

    /**
     * Says something that is no part of the conversation.
     *
     * @param line without its end
     */
    void say(String line);

    @Override
    void close();
}
