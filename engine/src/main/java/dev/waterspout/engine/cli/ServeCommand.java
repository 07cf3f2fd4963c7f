package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.Deployment;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.ParallelOptions;
import dev.waterspout.engine.cli.options.RunOptions;
import dev.waterspout.engine.cli.options.SamplingOptions;
import dev.waterspout.engine.cli.options.ServerOptions;
import dev.waterspout.engine.cli.options.TemplateOptions;
import dev.waterspout.engine.cli.print.ConsoleEvents;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.http.ModelServer;
import dev.waterspout.engine.http.ServeOptions;
import dev.waterspout.engine.http.openai.ServedModel;
import dev.waterspout.engine.model.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code serve}: answers HTTP requests until SIGTERM or Ctrl-C. */
@Command(
        name = "serve",
        description = "Serves a model over HTTP, with the interface of OpenAI.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ServeCommand implements Callable<Integer> {
    /** Time for the end of the process after requests have been answered or cancelled. */
    private static final Duration CLOSING = Duration.ofSeconds(10);

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = {"-a", "--alias"},
            paramLabel = "NAME",
            description = "Name of the model for clients (default: the name of its file).")
    private @Nullable String alias;

    @Mixin
    private TemplateOptions templateOptions = new TemplateOptions();

    @Option(
            names = {"-n", "--predict"},
            paramLabel = "N",
            defaultValue = "-1",
            description = "Largest number of tokens of a reply, unless the request has a limit; -1 for no limit but"
                    + " the context (default: ${DEFAULT-VALUE}).")
    private int predict;

    @Mixin
    private SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private RunOptions runOptions = new RunOptions();

    @Mixin
    private ParallelOptions parallel = new ParallelOptions();

    @Parameters(
            hidden = true,
            paramLabel = "COMMAND",
            description = "Command that starts the ranks behind this front; given by bin/waterspout-mpi.")
    private List<String> ranks = List.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        if (predict < Generator.UNLIMITED) {
            throw new IllegalArgumentException("tokens to predict is " + predict + "; it must be -1 or more");
        }
        SamplingParameters parameters = sampling.parameters();
        ServeOptions serveOptions = server.options(parallel.sequences());
        if (!ranks.isEmpty()) {
            return serveRanks(serveOptions, err);
        }
        Options single = runOptions.options(false, err);
        Options options = single.withContext(parallel.context(single.context()));
        CountDownLatch over = new CountDownLatch(1);
        try (Session session = Session.join(options, new ConsoleEvents(err, runOptions.explains()))) {
            try (Model model = modelOptions.load()) {
                Optional<ChatTemplate> template = session.leads() ? templateOptions.find(model) : Optional.empty();
                Deployment deployment = session.prepare(model, options, Map.of());
                try (LanguageModel running = session.start(deployment)) {
                    if (session.leads()) {
                        ServedModel served = new ServedModel(
                                running,
                                template,
                                alias == null ? model.file().name() : alias,
                                new ChatOptions(predict, parameters, List.of()),
                                InstantSource.system());
                        serve(served, serveOptions, over, err);
                        running.dismiss();
                    } else {
                        holdOffSignals(() -> {}, over);
                        running.follow();
                    }
                }
            } catch (Throwable failure) {
                session.abort(failure);
                throw failure;
            }
        } finally {
            over.countDown();
        }
        return ExitCode.OK;
    }

    private int serveRanks(ServeOptions options, PrintWriter err) throws IOException, InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        ServeFront front = new ServeFront(server, err);
        holdOffSignals(front::end, over);
        try {
            return front.run(options, ranks);
        } finally {
            over.countDown();
        }
    }

    private void serve(ServedModel served, ServeOptions options, CountDownLatch over, PrintWriter err)
            throws IOException, InterruptedException {
        try (ModelServer listening = new ModelServer(served, options, server.front())) {
            holdOffSignals(listening::end, over);
            if (server.front().isEmpty()) {
                err.println("waterspout: " + served.name() + " is served at "
                        + options.address().url(listening.port()));
                err.flush();
            }
            listening.await();
            if (listening.broken().isPresent()) {
                Throwable failure = listening.broken().get();
                throw failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
            }
            if (!listening.drain(server.drain())) {
                err.println("waterspout: requests were not answered within "
                        + server.drain().toSeconds() + " s, and are given up");
            }
        }
    }

    /** After SIGTERM or SIGINT the process ends when this command has returned, or after a time limit. */
    private void holdOffSignals(Runnable end, CountDownLatch over) {
        long most = server.drain().plus(CLOSING).toMillis();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            end.run();
            try {
                var _ = over.await(most, TimeUnit.MILLISECONDS);
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }));
    }
}
