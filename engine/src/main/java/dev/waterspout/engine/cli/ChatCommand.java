package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.Deployment;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.cli.chat.ChatConsole;
import dev.waterspout.engine.cli.chat.ChatLoop;
import dev.waterspout.engine.cli.chat.PlainConsole;
import dev.waterspout.engine.cli.chat.TerminalConsole;
import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.PromptText;
import dev.waterspout.engine.cli.options.RunOptions;
import dev.waterspout.engine.cli.options.SamplingOptions;
import dev.waterspout.engine.cli.options.TemplateOptions;
import dev.waterspout.engine.cli.print.ConsoleEvents;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code chat}: a conversation with a model. */
@Command(
        name = "chat",
        description = "Holds a conversation with a model, using its chat template; /help lists the commands of a"
                + " conversation.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ChatCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    @Mixin
    private TemplateOptions templateOptions = new TemplateOptions();

    @Option(names = "--system", paramLabel = "TEXT", description = "System message.")
    private String system = "";

    // Some launchers split values at spaces and pass the words one by one.
    @Option(
            names = {"-p", "--prompt"},
            arity = "1..*",
            paramLabel = "TEXT",
            description = "The first message; several words are joined by spaces.")
    private @Nullable List<String> words;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "File with the first message, UTF-8.")
    private @Nullable Path file;

    @Option(
            names = {"-n", "--predict"},
            paramLabel = "N",
            defaultValue = "-1",
            description =
                    "Largest number of tokens of a reply; -1 for no limit but the context (default: ${DEFAULT-VALUE}).")
    private int predict;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Text that ends a reply and is not part of it; may be given several times.")
    private List<String> stops = List.of();

    @Mixin
    private SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private RunOptions runOptions = new RunOptions();

    @Override
    public Integer call() throws IOException {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        if (predict < Generator.UNLIMITED) {
            throw new IllegalArgumentException("tokens to predict is " + predict + "; it must be -1 or more");
        }
        SamplingParameters parameters = sampling.parameters();
        Options options = runOptions.options(false, err);
        try (Session session = Session.join(options, new ConsoleEvents(err, runOptions.explains()))) {
            try (Model model = modelOptions.load()) {
                Optional<ChatTemplate> template =
                        session.leads() ? Optional.of(templateOptions.require(model)) : Optional.empty();
                Optional<String> first = session.leads() ? first() : Optional.empty();
                Deployment deployment =
                        session.prepare(model, options, Map.of("--seed", Long.toString(sampling.seed())));
                try (LanguageModel running = session.start(deployment)) {
                    if (template.isPresent()) {
                        hold(running, template.get(), new ChatOptions(predict, parameters, stops), first);
                        running.dismiss();
                    } else {
                        running.follow();
                    }
                }
            } catch (Throwable failure) {
                session.abort(failure);
                throw failure;
            }
        }
        return ExitCode.OK;
    }

    private Optional<String> first() throws IOException {
        if (words != null && file != null) {
            throw new IllegalArgumentException("both a first message and the file " + file + "; give one of -p and -f");
        }
        if (words != null) {
            return Optional.of(words.stream().map(PromptText::decode).collect(Collectors.joining(" ")));
        }
        return file == null ? Optional.empty() : Optional.of(TextFile.read(file));
    }

    private void hold(LanguageModel running, ChatTemplate template, ChatOptions options, Optional<String> first)
            throws IOException {
        try (ChatConsole console = console()) {
            new ChatLoop(running, template, options, console).run(system, first);
        }
    }

    private ChatConsole console() throws IOException {
        if (Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()) {
            return new TerminalConsole();
        }
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        return new PlainConsole(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), out, err);
    }
}
