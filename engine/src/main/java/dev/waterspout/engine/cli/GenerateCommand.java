package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.Deployment;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.cli.options.CodecDeviceOptions;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.ProfileOptions;
import dev.waterspout.engine.cli.options.PromptText;
import dev.waterspout.engine.cli.options.RunOptions;
import dev.waterspout.engine.cli.options.SamplingOptions;
import dev.waterspout.engine.cli.print.ConsoleEvents;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.RunSummary;
import dev.waterspout.engine.cli.print.StatsFormat;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints a prompt and its continuation. */
@Command(name = "generate", description = "Continues a prompt.", mixinStandardHelpOptions = true, sortOptions = false)
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    // Some launchers split values at spaces and pass the words one by one.
    @Option(
            names = {"-p", "--prompt"},
            arity = "1..*",
            paramLabel = "TEXT",
            description = "The prompt; several words are joined by spaces.")
    private @Nullable List<String> words;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "File with the prompt, UTF-8; - for standard input.")
    private @Nullable Path file;

    @Option(
            names = {"-n", "--predict"},
            paramLabel = "N",
            defaultValue = "-1",
            description = "Largest number of tokens to generate; -1 for no limit but the context (default:"
                    + " ${DEFAULT-VALUE}).")
    private int predict;

    @Mixin
    private SamplingOptions samplingOptions = new SamplingOptions();

    @Mixin
    private RunOptions runOptions = new RunOptions();

    @Mixin
    private CodecDeviceOptions codecDevice = new CodecDeviceOptions();

    @Mixin
    private ProfileOptions profile = new ProfileOptions();

    @Option(
            names = "--stats",
            paramLabel = "text|json|none",
            defaultValue = "text",
            description = "Statistics on stderr at the end (default: ${DEFAULT-VALUE}).")
    private StatsFormat stats = StatsFormat.TEXT;

    @Option(names = "--no-display-prompt", description = "Do not print the prompt.")
    private boolean hidePrompt;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Generate N times, from an empty context each time, and print the figures of all runs; the text"
                            + " is printed once (default: ${DEFAULT-VALUE}).")
    private int repeat;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (predict < Generator.UNLIMITED) {
            throw new IllegalArgumentException("tokens to predict is " + predict + "; it must be -1 or more");
        }
        if (repeat < 1) {
            throw new IllegalArgumentException("runs to repeat is " + repeat + "; it must be at least 1");
        }
        SamplingParameters sampling = samplingOptions.parameters();
        codecDevice.prepare();
        profile.prepare();
        long start = System.nanoTime();
        Options asked = runOptions.options(false, err);
        Options options = asked.withExchange(codecDevice.on(asked.exchange()));
        try (Session session = Session.join(options, new ConsoleEvents(err, runOptions.explains()))) {
            try (Model model = modelOptions.load()) {
                String prompt = session.leads() ? readPrompt() : "";
                Deployment deployment =
                        session.prepare(model, options, Map.of("--seed", Long.toString(samplingOptions.seed())));
                profile.start(session);
                try (LanguageModel running = session.start(deployment)) {
                    double loadSeconds = (System.nanoTime() - start) / 1e9;
                    if (running.leads()) {
                        lead(running, prompt, sampling, loadSeconds, out, err);
                    } else {
                        running.follow();
                        profile.write("generate", deployment.devices(), err);
                    }
                }
            } catch (Throwable failure) {
                session.abort(failure);
                throw failure;
            }
        }
        return ExitCode.OK;
    }

    private void lead(
            LanguageModel running,
            String prompt,
            SamplingParameters sampling,
            double loadSeconds,
            PrintWriter out,
            PrintWriter err)
            throws IOException {
        Generator generator = running.generator();
        running.deployment()
                .model()
                .tokenizer()
                .notes(generator.tokenize(prompt))
                .forEach(note -> err.println("waterspout: " + note));
        List<GenerationReport> reports = generateAll(generator, prompt, sampling, out);
        running.dismiss();
        List<String> devices = codecDevice.describe(
                running.deployment().devices(), !running.session().threads().distributed());
        profile.write("generate", devices, err);
        for (GenerationReport report : reports) {
            stats.print(new RunSummary(running, devices, sampling, loadSeconds, report), err);
        }
    }

    /**
     * After the first run the JIT has compiled all code, so figures of later runs are those of a long-running process.
     */
    private List<GenerationReport> generateAll(
            Generator generator, String prompt, SamplingParameters sampling, PrintWriter out) {
        List<GenerationReport> reports = new ArrayList<>(List.of(generate(generator, prompt, sampling, out)));
        int[] tokens = generator.tokenize(prompt);
        while (reports.size() < repeat) {
            reports.add(generator.generate(tokens, predict, new Sampler(sampling), piece -> {}));
        }
        return reports;
    }

    private GenerationReport generate(
            Generator generator, String prompt, SamplingParameters sampling, PrintWriter out) {
        int[] tokens = generator.tokenize(prompt);
        if (!hidePrompt) {
            out.print(prompt);
            out.flush();
        }
        GenerationReport report = generator.generate(tokens, predict, new Sampler(sampling), piece -> {
            out.print(piece);
            out.flush();
        });
        out.println();
        out.flush();
        return report;
    }

    private String readPrompt() throws IOException {
        if (words != null && file != null) {
            throw new IllegalArgumentException("both a prompt and the file " + file + "; give one of -p and -f");
        }
        if (words != null) {
            for (String word : words.subList(1, words.size())) {
                // picocli accepts unknown words that look like options as further words of the prompt.
                if (word.length() > 1 && word.startsWith("-")) {
                    throw new IllegalArgumentException("unknown option '" + word + "'");
                }
            }
            return words.stream().map(PromptText::decode).collect(Collectors.joining(" "));
        }
        if (file == null) {
            throw new IllegalArgumentException("no prompt; give one with -p TEXT or -f FILE");
        }
        if (file.toString().equals("-")) {
            InputStream in = System.in;
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException("prompt file " + file + " is not a file");
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
