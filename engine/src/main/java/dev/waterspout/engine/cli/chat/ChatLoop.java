package dev.waterspout.engine.cli.chat;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.ChatReply;
import dev.waterspout.engine.api.ChatReply.FinishReason;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatMessage.Role;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.GenerationReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads messages and commands, and shows replies, until the input ends. */
public final class ChatLoop {
    private static final List<String> HELP = List.of(
            "/system TEXT   sets the system message, or removes it without TEXT, and starts a new conversation",
            "/reset         starts a new conversation",
            "/save FILE     writes the conversation as JSON",
            "/load FILE     continues a saved conversation",
            "/stats         prints tokens and speed of the last reply",
            "/help          prints this list",
            "/exit          ends the program, like Ctrl-D",
            "A line that ends in \\ continues in the next one. The text between two \"\"\" is one message.");

    private final LanguageModel model;
    private final ChatTemplate template;
    private final ChatOptions options;
    private final ChatConsole console;
    private final List<ChatMessage> messages = new ArrayList<>();
    private @Nullable ChatReply last;

    /**
     * @param model answers
     * @param template the chat template
     * @param options options of replies
     * @param console console of the conversation
     */
    public ChatLoop(LanguageModel model, ChatTemplate template, ChatOptions options, ChatConsole console) {
        this.model = model;
        this.template = template;
        this.options = options;
        this.console = console;
    }

    /**
     * Runs the conversation.
     *
     * @param system system message; empty for none
     * @param first the first message; empty to read it from the input
     */
    public void run(String system, Optional<String> first) {
        reset(system);
        first.ifPresent(this::answer);
        Optional<String> read = console.read();
        while (read.isPresent()) {
            String message = read.get();
            if (message.strip().equals("/exit")) {
                return;
            }
            if (message.startsWith("/")) {
                command(message.strip());
            } else if (!message.isBlank()) {
                answer(message);
            }
            read = console.read();
        }
    }

    private void reset(String system) {
        messages.clear();
        if (!system.isBlank()) {
            messages.add(ChatMessage.system(system));
        }
    }

    private String system() {
        return !messages.isEmpty() && messages.getFirst().role() == Role.SYSTEM
                ? messages.getFirst().content()
                : "";
    }

    private void command(String line) {
        int space = line.indexOf(' ');
        String name = space < 0 ? line : line.substring(0, space);
        String argument = space < 0 ? "" : line.substring(space + 1).strip();
        try {
            switch (name) {
                case "/system" -> reset(argument);
                case "/reset" -> reset(system());
                case "/save" -> ChatFile.write(file(argument), messages);
                case "/load" -> {
                    List<ChatMessage> loaded = ChatFile.read(file(argument));
                    messages.clear();
                    messages.addAll(loaded);
                    console.say(loaded.size() + " messages");
                }
                case "/stats" -> stats();
                case "/help" -> HELP.forEach(console::say);
                default -> console.say("no command " + name + "; /help lists them");
            }
        } catch (IOException | IllegalArgumentException failure) {
            console.say(failure.getClass().getSimpleName() + ": " + failure.getMessage());
        }
    }

    private static Path file(String argument) {
        if (argument.isEmpty()) {
            throw new IllegalArgumentException("no file; its name follows the command");
        }
        return Path.of(argument);
    }

    /** A message that cannot be answered is removed from the conversation. */
    private void answer(String message) {
        messages.add(ChatMessage.user(message));
        try (ChatReply reply = model.chat(Conversation.of(messages), template, options)) {
            last = reply;
            Iterator<ChatDelta> deltas = reply.iterator();
            while (!console.interrupted() && deltas.hasNext()) {
                console.show(deltas.next());
            }
            console.endReply();
            messages.add(reply.message());
            if (reply.ended() && reply.finishReason() == FinishReason.LENGTH) {
                console.say("(the reply ended at its "
                        + (reply.report().stop() == GenerationReport.StopReason.LENGTH
                                ? "limit of " + options.predict() + " tokens)"
                                : "context's end; /reset begins anew)"));
            }
        } catch (ChatException | GenerationException refused) {
            messages.removeLast();
            console.say(String.valueOf(refused.getMessage()));
        }
    }

    private void stats() {
        if (last == null) {
            console.say("no reply yet");
            return;
        }
        ChatReply.Usage usage = last.usage();
        GenerationReport report = last.report();
        console.say(String.format(
                Locale.ROOT,
                "prompt: %d tokens, %d of them held, %d in %.3f s (%.1f tokens/s)",
                usage.promptTokens(),
                usage.heldTokens(),
                report.prefill().tokens(),
                report.prefill().seconds(),
                report.prefill().tokensPerSecond()));
        console.say(String.format(
                Locale.ROOT,
                "reply: %d tokens, %.1f tokens/s; %d of %d positions in use",
                usage.replyTokens(),
                report.decode().tokensPerSecond(),
                usage.promptTokens() + usage.replyTokens(),
                model.group().capacity()));
    }
}
