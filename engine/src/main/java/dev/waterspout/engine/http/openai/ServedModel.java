package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.time.InstantSource;
import java.util.Optional;

/**
 * A model, with its name and defaults for clients.
 *
 * @param model the model that runs
 * @param template the chat template; empty if there is none
 * @param name name of the model for clients
 * @param usual defaults of a request
 * @param clock clock for the dates of replies
 */
public record ServedModel(
        LanguageModel model, Optional<ChatTemplate> template, String name, ChatOptions usual, InstantSource clock) {
    static final String TOO_LONG = "context_length_exceeded";

    /** Returns the tokenizer. */
    Tokenizer tokenizer() {
        return model.deployment().model().tokenizer();
    }

    /** Returns the time, in seconds since 1970. */
    long now() {
        return clock.millis() / 1000;
    }

    /** Returns the number of positions of a sequence. */
    int context() {
        return model.deployment().options().context();
    }

    /**
     * Returns the chat template.
     *
     * @throws ApiException if there is none
     */
    ChatTemplate requiredTemplate() {
        return template.orElseThrow(() -> ApiException.request(
                400, "the model has no chat template; the server takes one with --chat-template FILE"));
    }

    /**
     * Renders a conversation as a prompt.
     *
     * @throws ApiException if the template refuses it, or it does not fit in the context
     */
    ChatPrompt prompt(Conversation conversation) {
        ChatTemplate found = requiredTemplate();
        try {
            return model.prompt(conversation, found);
        } catch (ChatException refused) {
            throw ApiException.field("messages", String.valueOf(refused.getMessage()));
        } catch (GenerationException tooLong) {
            throw ApiException.coded(400, TOO_LONG, String.valueOf(tooLong.getMessage()));
        }
    }

    /**
     * Returns a prompt whose reply continues a text.
     *
     * @throws ApiException if the text is empty, or does not fit in the context
     */
    ChatPrompt continued(String text) {
        try {
            return ChatPrompt.continued(model.tokenize(text));
        } catch (GenerationException refused) {
            throw ApiException.coded(
                    400, text.isEmpty() ? "invalid_value" : TOO_LONG, String.valueOf(refused.getMessage()));
        }
    }

    /**
     * Returns a prompt whose reply continues tokens.
     *
     * @throws ApiException if there are none, they do not fit in the context, or one is not in the vocabulary
     */
    ChatPrompt continued(int... tokens) {
        int vocabulary = tokenizer().vocabulary().size();
        for (int token : tokens) {
            if (token < 0 || token >= vocabulary) {
                throw ApiException.field(
                        "prompt", "token " + token + " is not within 0 to " + (vocabulary - 1) + ", the vocabulary");
            }
        }
        if (tokens.length == 0 || tokens.length > context()) {
            throw ApiException.coded(
                    400,
                    tokens.length == 0 ? "invalid_value" : TOO_LONG,
                    "the prompt has " + tokens.length + " tokens; 1 to " + context() + " fit in the context");
        }
        return ChatPrompt.continued(tokens);
    }
}
