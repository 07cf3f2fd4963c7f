package dev.waterspout.engine.api;

import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.generate.ChosenToken;
import dev.waterspout.engine.generate.GenerationReport;
import java.util.List;

/** An event of replies in a {@link ReplyQueue}. */
public sealed interface ReplyEvent {
    /**
     * A piece of a reply.
     *
     * @param choice number of the reply, from 0
     * @param delta the piece
     * @param tokens tokens chosen since the previous piece
     * @param chosen probabilities of these tokens, if the options ask for them
     */
    record Piece(int choice, ChatDelta delta, List<Integer> tokens, List<ChosenToken> chosen) implements ReplyEvent {
        /** Copies the lists. */
        public Piece {
            tokens = List.copyOf(tokens);
            chosen = List.copyOf(chosen);
        }
    }

    /**
     * A reply ended.
     *
     * @param choice number of the reply, from 0
     * @param reason reason for the end
     * @param usage token counts of the reply
     * @param chosen the tokens since the last piece, if the options ask for them
     * @param report statistics of the generation
     * @param seconds time since the request
     */
    record Ended(
            int choice,
            ChatReply.FinishReason reason,
            ChatReply.Usage usage,
            List<ChosenToken> chosen,
            GenerationReport report,
            double seconds)
            implements ReplyEvent {
        /** Copies the list. */
        public Ended {
            chosen = List.copyOf(chosen);
        }
    }

    /**
     * A reply could not be computed; no others follow.
     *
     * @param cause the failure
     * @param modelLost whether the model cannot be used any more, such as after the loss of a rank
     */
    record Failed(Throwable cause, boolean modelLost) implements ReplyEvent {}
}
