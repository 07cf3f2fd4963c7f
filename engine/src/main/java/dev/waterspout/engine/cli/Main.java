package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.lab.LabCommand;
import dev.waterspout.engine.cli.options.EnvironmentDefaults;
import dev.waterspout.engine.cli.options.PromptText;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.StandardOutput;
import dev.waterspout.engine.cli.print.StandardOutput.OutputException;
import dev.waterspout.engine.cli.print.VersionProvider;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.environment.StandardError;
import dev.waterspout.engine.gguf.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The {@code waterspout} command. */
@Command(
        name = "waterspout",
        description = "Runs large language models on the JVM, divided over the available devices.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionProvider.class)
public final class Main implements Runnable {
    /** The commands by name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("generate", GenerateCommand.class);
        COMMANDS.put("chat", ChatCommand.class);
        COMMANDS.put("serve", ServeCommand.class);
        COMMANDS.put("perplexity", PerplexityCommand.class);
        COMMANDS.put("inspect", InspectCommand.class);
        COMMANDS.put("models", ModelsCommand.class);
        COMMANDS.put("devices", DevicesCommand.class);
        COMMANDS.put("codec", CodecCommand.class);
        COMMANDS.put("tune", TuneCommand.class);
        COMMANDS.put("bench", BenchCommand.class);
        COMMANDS.put("lab", LabCommand.class);
    }

    private static final String OWN = "dev.waterspout.";

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    private Main() {}

    /**
     * Runs a command and ends the process with its exit code: 0 ok, 2 usage, 3 model or file, 4 device or memory, 5
     * peer or transport, 1 for a fault of this program.
     *
     * @param arguments the arguments as typed
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (!Environment.hasVectorApi()) {
            System.exit(relaunch(arguments));
        }
        if (!Environment.allowsNativeAccess()) {
            System.err.println("waterspout: this JVM denies native access (--illegal-native-access=deny); start it with"
                    + " --enable-native-access=ALL-UNNAMED");
            System.exit(ExitCode.INTERNAL);
        }
        StandardError.restore();
        Environment.configureTornado();
        int code = run(arguments, StandardOutput.writer(), new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        System.exit(code);
    }

    /**
     * Runs a command.
     *
     * @param typed the arguments
     * @param out stream for results
     * @param err stream for everything else
     * @return the exit code
     */
    static int run(String[] typed, PrintWriter out, PrintWriter err) {
        String[] arguments = LabCommand.expand(typed);
        CommandLine commandLine = new CommandLine(new Main());
        // Reading the options of all commands takes longer than reading the arguments, so only those of the given
        // command are read.
        COMMANDS.forEach((name, command) -> {
            if (arguments.length == 0 || !COMMANDS.containsKey(arguments[0]) || name.equals(arguments[0])) {
                commandLine.addSubcommand(name, command);
            }
        });
        commandLine
                .setOut(out)
                .setErr(err)
                .setDefaultValueProvider(new EnvironmentDefaults())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Main::rejectUsage)
                .setExecutionStrategy(Main::runLast)
                .setExecutionExceptionHandler((failure, command, parsed) -> reject(command, failure));
        if (!asksForHelp(arguments)) {
            interpolateNothing(commandLine);
        }
        int code = execute(commandLine, PromptText.encode(arguments));
        err.flush();
        return code;
    }

    /** Runs the command, or prints its help. For a failure of the help picocli would print a stack trace. */
    private static int runLast(CommandLine.ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (OutputException unwritten) {
            throw new CommandLine.ExecutionException(
                    parsed.commandSpec().commandLine(), String.valueOf(unwritten.getMessage()), unwritten);
        }
    }

    /** Handles failures that picocli does not pass to its handlers: errors, and results that cannot be written. */
    private static int execute(CommandLine commandLine, String[] arguments) {
        try {
            int code = commandLine.execute(arguments);
            commandLine.getOut().flush();
            return code;
        } catch (OutputException unwritten) {
            return rejectOutput(commandLine, unwritten);
        } catch (Exception | Error failure) {
            return reject(commandLine, failure);
        }
    }

    private static boolean asksForHelp(String[] arguments) {
        return Arrays.stream(arguments).anyMatch(word -> word.equals("-h") || word.equals("--help"));
    }

    /** Disables variables in values, such as a prompt, where they are text. Descriptions use them. */
    private static void interpolateNothing(CommandLine command) {
        command.getCommandSpec().interpolateVariables(false);
        command.getSubcommands().values().forEach(Main::interpolateNothing);
    }

    private static int rejectOutput(CommandLine command, OutputException unwritten) {
        if (unwritten.readerLeft()) {
            return ExitCode.OK;
        }
        command.getErr().println("waterspout: " + Printable.line(String.valueOf(unwritten.getMessage())));
        return ExitCode.MODEL_OR_FILE;
    }

    @Override
    public void run() {
        throw new ParameterException(java.util.Objects.requireNonNull(spec).commandLine(), "no command given");
    }

    private static int rejectUsage(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        String sentence =
                String.valueOf(failure.getMessage()).lines().findFirst().orElse("unreadable command line");
        command.getErr()
                .println("waterspout: " + Printable.line(sentence) + "; see '"
                        + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE;
    }

    private static int reject(CommandLine command, Throwable failure) {
        if (failure instanceof OutputException unwritten) {
            return rejectOutput(command, unwritten);
        }
        int code = ExitCode.of(failure);
        try {
            command.getOut().flush();
        } catch (OutputException unwritten) {
            return rejectOutput(command, unwritten);
        }
        command.getErr().println("waterspout: " + Printable.line(sentence(failure, code)));
        return code;
    }

    private static String sentence(Throwable failure, int code) {
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        if (code != ExitCode.INTERNAL) {
            return message;
        }
        String place = Arrays.stream(failure.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith(OWN))
                .findFirst()
                .map(frame -> ", at " + frame)
                .orElse("");
        return "a fault of this program, please report it: " + failure + place;
    }

    private static int relaunch(String[] arguments) throws IOException, InterruptedException {
        return new ProcessBuilder(Environment.relaunchCommand(Main.class, arguments))
                .inheritIO()
                .start()
                .waitFor();
    }
}
