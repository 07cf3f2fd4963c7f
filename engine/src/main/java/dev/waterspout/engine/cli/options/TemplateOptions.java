package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Option of the chat template. */
public final class TemplateOptions {
    @Option(
            names = "--chat-template",
            paramLabel = "FILE",
            description = "File with a chat template in Jinja (default: the model's template).")
    private @Nullable Path file;

    /**
     * Returns the template.
     *
     * @param model the model whose own template is used where no file is given
     * @throws IOException if the file cannot be read
     * @throws dev.waterspout.engine.chat.ChatException if there is no template, or it is malformed
     */
    public ChatTemplate require(Model model) throws IOException {
        Vocabulary vocabulary = model.tokenizer().vocabulary();
        Clock clock = Clock.system(ZoneId.systemDefault());
        return file == null
                ? ChatTemplate.from(model.file().metadata(), vocabulary, clock)
                : ChatTemplate.of(TextFile.read(file), vocabulary, clock);
    }

    /**
     * Returns the template, if there is one.
     *
     * @param model the model whose own template is used where no file is given
     * @throws IOException if the file cannot be read
     * @throws dev.waterspout.engine.chat.ChatException if it is malformed
     */
    public Optional<ChatTemplate> find(Model model) throws IOException {
        boolean none =
                file == null && model.file().metadata().string(ChatTemplate.KEY).isEmpty();
        return none ? Optional.empty() : Optional.of(require(model));
    }
}
