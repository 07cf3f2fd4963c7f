package dev.waterspout.engine.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.generate.SamplingParameters;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class ChatLoopTest {
    private static final String TEMPLATE =
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private void hold(String system, String... typed) {
        try (LanguageModel model = Waterspout.loadEmbedded(Options.DEFAULT);
                ChatConsole console = new PlainConsole(
                        new BufferedReader(new StringReader(String.join("\n", typed))),
                        new PrintWriter(out),
                        new PrintWriter(err))) {
            ChatTemplate template = ChatTemplate.of(
                    TEMPLATE, model.deployment().model().tokenizer().vocabulary(), Clock.systemUTC());
            ChatOptions options = new ChatOptions(8, SamplingParameters.greedy(), List.of("\n"));
            new ChatLoop(model, template, options, console).run(system, Optional.empty());
        }
    }

    @Test
    void aSavedConversationContinuesAfterLoading() throws IOException {
        Path file = folder.resolve("talk.json");
        hold("Be brief.", "one \\", "two", "/save " + file, "/stats", "/reset", "/load " + file, "/exit", "never said");
        String saved = Files.readString(file);
        assertThat(saved)
                .contains("{\"role\":\"system\",\"content\":\"Be brief.\"}")
                .contains("{\"role\":\"user\",\"content\":\"one \\ntwo\"}")
                .contains("\"role\":\"assistant\"");
        assertThat(ChatFile.read(file)).hasSize(3);
        assertThat(err.toString())
                .contains("prompt: ")
                .contains("0 of them held")
                .contains("3 messages");
        assertThat(out.toString().lines()).hasSize(1);
    }

    @Test
    void aWrongCommandIsExplainedAndTheConversationContinues() throws IOException {
        Path file = Files.writeString(folder.resolve("no.json"), "{\"messages\": 7}");
        hold("", "/what", "/save", "/load " + file, "/stats", "x".repeat(20000), "hello");
        assertThat(err.toString())
                .contains("no command /what; /help lists them")
                .contains("no file; its name follows the command")
                .contains("is not a conversation")
                .contains("no reply yet")
                .containsPattern("the conversation has \\d+ tokens; 1 to \\d+ fit in the context");
        assertThat(out.toString().lines()).hasSize(1);
    }

    @Test
    void linesJoinedByBackslashOrQuotesAreOneMessage() {
        PlainConsole console = new PlainConsole(
                new BufferedReader(new StringReader("a\\\nb\n\"\"\"c\n\\\n\nd\"\"\"\ne\\")),
                new PrintWriter(out),
                new PrintWriter(err));
        assertThat(console.read()).contains("a\nb");
        assertThat(console.read()).contains("c\n\\\n\nd");
        assertThat(console.read()).contains("e");
        assertThat(console.read()).isEmpty();
    }
}
